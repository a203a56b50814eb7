"""What people keep, a JSON file each: sound ones are read back, others passed over, and no name leads out of the folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from gan_core.runs.kept import Store, is_id, new_id


@dataclass(frozen=True)
class Note:
    id: str
    created: float
    words: str


def read(note_id: str, data: dict[str, Any]) -> Note:
    if not data["words"]:
        raise ValueError("A note has words.")
    return Note(note_id, float(data["created"]), str(data["words"]))


STORE = Store(".notes", "note", read, asdict)


def test_what_is_kept_is_read_back_the_newest_first(tmp_path: Path) -> None:
    assert STORE.all(tmp_path) == []
    notes = [Note("a", 1.0, "old"), Note("b", 3.0, "new"), Note("c", 2.0, "between")]
    for note in notes:
        STORE.save(tmp_path, note)
    assert [note.words for note in STORE.all(tmp_path)] == ["new", "between", "old"]
    assert STORE.find(tmp_path, "c") == notes[2]
    STORE.save(tmp_path, Note("c", 2.0, "changed"))
    assert STORE.find(tmp_path, "c") == Note("c", 2.0, "changed")
    assert (tmp_path / ".notes/c.json").is_file()


@pytest.mark.parametrize(
    "content", ["", "[]", '{"words": "x"}', '{"created": "soon", "words": "x"}', '{"created": null, "words": "x"}', '{"created": 1, "words": ""}', '{"created": 1e18, "words": "x"}', "[" * 10**5]
)  # fmt: skip
def test_a_file_that_is_not_sound_is_passed_over(tmp_path: Path, content: str) -> None:
    STORE.save(tmp_path, Note("sound", 1.0, "x"))
    (tmp_path / ".notes/broken.json").write_text(content)
    (tmp_path / ".notes/No Name.json").write_text('{"created": 1, "words": "x"}')
    assert [note.id for note in STORE.all(tmp_path)] == ["sound"]
    assert STORE.find(tmp_path, "broken") is None
    (told,) = STORE.damaged(tmp_path)
    assert told.startswith("The note in broken.json cannot be read: ")


@pytest.mark.parametrize("wrong", ["../outside", "a/b", "", "A", "x" * 65, "."])
def test_no_id_leads_out_of_the_folder(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "outside.json").write_text('{"created": 1, "words": "x"}')
    assert not is_id(wrong)
    assert STORE.find(tmp_path / "runs", wrong) is None
    STORE.remove(tmp_path / "runs", wrong)
    assert (tmp_path / "outside.json").exists()


def test_removing_is_final_and_may_be_asked_twice(tmp_path: Path) -> None:
    STORE.save(tmp_path, Note("a", 1.0, "x"))
    STORE.remove(tmp_path, "a")
    STORE.remove(tmp_path, "a")
    assert STORE.all(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".notes").write_text("a file stands in the way")
    with pytest.raises(ValueError, match="The note could not be kept in"):
        STORE.save(tmp_path, Note("a", 1.0, "x"))


def test_ids_are_fit_for_files_and_differ() -> None:
    ids = [new_id("r2-ratios"), new_id("r2-ratios"), new_id()]
    assert len(set(ids)) == 3 and all(map(is_id, ids)) and ids[0].startswith("r2-ratios-")

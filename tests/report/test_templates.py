"""A template is one file, found by its name; it asks, and names parts that exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_core.report import templates
from gan_core.report.building import PARTS
from gan_core.report.hand_in import HAND_INS

GRADED = {"plain", "r1", "r2", "r3", "r4", "r5", "nycu-lab6", "ntu-hw6", "ntu-dlcv-hw2"}


def test_every_template_is_sound_and_the_plain_one_comes_first():
    assert templates.names()[0] == "plain" and set(templates.names()) >= GRADED
    for name in templates.names():
        found = templates.find(name)
        assert {part for section in found.sections for part in section.parts} <= set(PARTS), name
        assert found.hand_in in ("", *HAND_INS), name


def test_the_sections_of_lab_6_are_those_of_the_course():
    titles = [section.title for section in templates.find("nycu-lab6").sections]
    assert titles == [
        "Introduction",
        "Implementation details",
        "Results and discussion",
        "Extra experiments",
        "How to run",
    ]


def test_a_teachers_own_file_is_a_template(tmp_path: Path):
    (tmp_path / "mine.toml").write_text('title = "Mine"\n[[sections]]\ntitle = "One"\nparts = ["losses"]\n')
    found = templates.find(str(tmp_path / "mine.toml"))
    assert (found.name, found.title, found.sections[0].parts) == ("mine", "Mine", ("losses",))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = ", "mine.toml is none"),
        ('title = "x"', "'sections'"),
        ('title = 3\nsections = []', "3 is no text"),
        ('title = "x"\nneeds = "cats"\nsections = []', "needs must be one of"),
        ('title = "x"\nsamples = 9999\nsections = []', "between 1 and 256; got 9999"),
        ('title = "x"\nsections = ["a"]', "mine.toml is none"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_template_is_refused(text: str, words: str, tmp_path: Path):
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ValueError, match="It wants a title and sections") as refusal:
        templates.find(str(tmp_path / "mine.toml"))
    assert words in str(refusal.value)


def test_an_unknown_template_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"Unknown template 'r9'. Choose one of: plain, "):
        templates.find("r9")
    with pytest.raises(ValueError, match="cannot be read"):
        templates.find("nowhere.toml")

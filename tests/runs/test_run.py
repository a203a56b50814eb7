"""The run directory: its state, its names, its lock, its end."""

from __future__ import annotations

import errno
import json
import os
import platform
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from helpers import tiny, tiny_run
from hypothesis import given
from hypothesis import strategies as st

from gan_core import runs
from gan_core.config import with_changes
from gan_core.config.sentences import Catalogue
from gan_core.config.settings import PROJECT_DIR
from gan_core.presets import PRESETS
from gan_core.runs import Run, files
from gan_core.runs.run import ID_PATTERN
from gan_core.runs.status import STALE_AFTER_S

LOCALES = PROJECT_DIR / "locales"

HOSTILE = [
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "[link](http://evil)",
    "a\nb",
    "名前",
    ".hidden",
    "CON",
    "%s",
]


def test_a_new_run_is_queued_under_a_generated_id(runs_dir):
    run = tiny_run(runs_dir, "My first")
    assert ID_PATTERN.fullmatch(run.id) and run.id.startswith("mnist-dcgan-")
    assert (run.name, run.note, run.status().state, run.status().device) == ("My first", "", "queued", "cpu")
    assert run.config() == tiny()
    assert [p.name for p in runs_dir.iterdir()] == [run.id]


def test_a_run_without_a_name_is_called_by_its_presets_title_and_a_number(runs_dir):
    digits = PRESETS["mnist-dcgan"].title
    run = tiny_run(runs_dir)
    assert (run.name, run.own_name) == (digits, "")
    assert [tiny_run(runs_dir).name for _ in range(2)] == [f"{digits} #2", f"{digits} #3"]
    own = {"preset": "mnist-dcgan", "dataset.name": "folder", "dataset.root": "/uploads/my cats"}
    assert [runs.create(runs_dir, with_changes(tiny(), own)).name for _ in range(2)] == ["my cats", "my cats #2"]
    assert runs.find(runs_dir, f"{digits} #2").name == f"{digits} #2"


def test_a_title_is_said_in_the_language_of_who_looks_and_a_name_stays(runs_dir):
    chinese = Catalogue(LOCALES, "zh_TW").text
    title, second = tiny_run(runs_dir), tiny_run(runs_dir)
    words = chinese(PRESETS["mnist-dcgan"].title)
    assert words != PRESETS["mnist-dcgan"].title
    assert [run.called(chinese) for run in (title, second)] == [words, f"{words} #2"]
    assert (
        runs.create(runs_dir, tiny(), title=f"{second.name}, from step 1,200").called(chinese).startswith(f"{words} #2")
    )
    title.describe(name="Home")  # a word that the catalogue knows
    assert (title.called(chinese), title.name) == ("Home", "Home")
    title.describe(name="")
    assert (title.called(chinese), title.own_name) == (words, "")


def test_a_run_of_an_earlier_version_keeps_its_name(runs_dir):
    run = tiny_run(runs_dir)
    files.write_json(run.path / "about.json", {"name": "mnist-dcgan 3", "note": ""})
    assert (run.name, run.called(str.upper), run.title) == ("mnist-dcgan 3", "mnist-dcgan 3", run.id)
    with pytest.raises(ValueError, match="must not be empty"):
        run.describe(name="")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_people_type_stays_text(runs_dir, name):
    run = tiny_run(runs_dir, name)
    shown = " ".join(name.split())  # in one line
    assert run.name == shown and ID_PATTERN.fullmatch(run.id)
    run.describe(name=name + "!", note=name)
    assert (run.name, run.note) == (shown + "!", name)
    assert [p.name for p in runs_dir.iterdir()] == [run.id]
    assert runs.find(runs_dir, shown + "!").id == run.id


def test_name_and_note_have_bounds(runs_dir):
    run = tiny_run(runs_dir, "kept")
    for change, sentence in (
        ({"name": "x" * 81}, "The name has 81 characters; at most 80 are kept"),
        ({"note": "x" * 5001}, "The note has 5001 characters; at most 5000 are kept"),
    ):
        with pytest.raises(ValueError, match=sentence):
            run.describe(**change)
    assert (run.name, run.note) == ("kept", "")
    with pytest.raises(ValueError, match="at most 80"):
        tiny_run(runs_dir, "x" * 81)
    assert len(list(runs_dir.iterdir())) == 1


def test_name_and_note_may_be_changed_by_many_at_once(runs_dir):
    run, errors = tiny_run(runs_dir), []

    def describe(**what: str) -> None:
        try:
            for _ in range(30):
                run.describe(**what)
        except OSError as error:
            errors.append(error)

    threads = [threading.Thread(target=describe, kwargs=k) for k in ({"name": "n"}, {"note": "t"}, {"name": "n"})]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and (run.name, run.note) == ("n", "t")


@pytest.mark.parametrize("state", ["running", "stopping"])
def test_a_run_without_a_fresh_heartbeat_is_interrupted(runs_dir, state):
    run = tiny_run(runs_dir)
    run.write_status(replace(run.status(), state=state))
    assert run.status().state == state
    status = {**vars(run.status()), "updated_at": time.time() - STALE_AFTER_S - 1}
    files.write_json(run.path / "status.json", status)
    assert run.status().state == "interrupted"


@pytest.mark.parametrize("ahead_s", [-3600, 5, 86_400])
def test_the_lock_tells_of_a_trainer_here_that_is_alive_whatever_the_clock_says(runs_dir, ahead_s):
    run = tiny_run(runs_dir)
    owner = f"{platform.node()}:1"
    status = {**vars(run.status()), "state": "running", "owner": owner, "updated_at": time.time() + ahead_s}
    files.write_json(run.path / "status.json", status)
    assert run.status().state == "interrupted"
    with run.lock():
        assert run.status().state == "running" and run.is_locked()
    assert not run.is_locked()


def test_of_another_machine_a_heartbeat_far_ahead_is_no_sign_of_life(runs_dir):
    run = tiny_run(runs_dir)
    status = {**vars(run.status()), "state": "running", "owner": "elsewhere:1", "updated_at": time.time() + 86_400}
    files.write_json(run.path / "status.json", status)
    with run.lock():
        assert run.status().state == "interrupted"


@pytest.mark.parametrize(
    "content", ['{"step": NaN}', '{"step": 1e999}', '{"seconds": ' + "9" * 400 + "}", "[" * 10**5, "{", "[]"]
)
def test_a_damaged_file_is_named_and_the_run_is_still_listed(runs_dir, command, content):
    bad, good = tiny_run(runs_dir, "bad"), tiny_run(runs_dir, "good")
    for name in ("status.json", "about.json"):
        (bad.path / name).write_text(content)
    assert bad.status().state == "interrupted" and "status.json is damaged" in bad.status().error
    assert (bad.name, bad.note) == (bad.id, "")
    status, out, err = command("runs")
    assert status == 0 and good.id in out and bad.id in out
    assert "status.json is damaged" in err and "about.json is damaged" in err and good.id not in err


def test_numbers_of_a_status_are_counts(runs_dir):
    run = tiny_run(runs_dir)
    (run.path / "status.json").write_text(
        '{"state": "paused", "step": -5, "seconds": 1e299, "error": "%s"}' % ("x" * 9999)
    )
    status = run.status()
    assert (status.step, status.seconds, len(status.error)) == (0, 1e15, 5000)


def test_a_name_that_cannot_be_written_is_shown_without_what_is_odd(runs_dir, command):
    run = tiny_run(runs_dir)
    (run.path / "about.json").write_text(json.dumps({"name": "a\u202eb" + "c" * 200, "note": ["no", "text"]}))
    assert (run.name, run.note) == ("a b" + "c" * 77, "")
    (run.path / "about.json").write_text('{"name": "\\ud800digits"}')
    assert run.name == run.id and command("runs")[0] == 0


@pytest.mark.parametrize("state", ["queued", "paused", "stopped", "finished", "failed"])
def test_a_run_at_rest_needs_no_heartbeat(runs_dir, state):
    run = tiny_run(runs_dir)
    files.write_json(run.path / "status.json", {**vars(run.status()), "state": state, "updated_at": 0})
    assert run.status().state == state


def test_keys_of_a_newer_program_are_passed_over(runs_dir):
    run = tiny_run(runs_dir)
    for name in ("status", "control"):
        data = json.loads((run.path / f"{name}.json").read_bytes())
        files.write_json(run.path / f"{name}.json", data | {"from the future": 1})
    assert run.status().state == "queued" and run.control().command == "run"


def test_live_changes_add_up_and_are_numbered(runs_dir):
    run = tiny_run(runs_dir)
    run.override({"a": 1.0})
    run.command("pause")
    run.override({"b": 2.0})
    assert run.control() == runs.Control("pause", 2, {"a": 1.0, "b": 2.0})


def test_the_control_stamp_changes_with_the_control_also_within_a_tick_of_the_clock(runs_dir):
    run = tiny_run(runs_dir)
    seen = {run.control_stamp()}
    for command in ("pause", "run", "stop"):
        run.command(command)
        os.utime(run.path / "control.json", ns=(0, 0))
        assert run.control_stamp() not in seen
        seen = {run.control_stamp()}


def test_events_of_many_writers_are_all_kept(runs_dir):
    run = tiny_run(runs_dir)
    threads = [threading.Thread(target=lambda: [run.add_event("note", step) for step in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(e["step"] for e in run.events()) == sorted(list(range(20)) * 4)


@pytest.mark.parametrize(
    "ask",
    [lambda run: run.describe(name="mine"), lambda run: run.command("stop"), lambda run: run.override({"x": 1.0})],
)
def test_what_a_full_disk_cannot_take_is_refused_with_the_way_out(runs_dir, monkeypatch, ask):
    run = tiny_run(runs_dir)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "write_json", full)
    with pytest.raises(ValueError, match=r"The folder of the run .* cannot be written .*Free some space"):
        ask(run)


def test_a_locked_run_is_not_deleted(runs_dir):
    run = tiny_run(runs_dir, "busy")
    with run.lock():
        assert run.is_locked()
        with pytest.raises(ValueError, match=r"The run 'busy' is training\. Stop it before you delete it"):
            run.delete()
    assert not run.is_locked()
    run.delete()
    assert [path.name for path in runs_dir.iterdir()] == [".bin"] and runs.list_runs(runs_dir) == []


def test_runs_are_listed_newest_first_and_folders_that_are_none_passed_over(runs_dir):
    made = [tiny_run(runs_dir) for _ in range(3)]
    for name in (".queue", ".tmp-x", "Not an id", "empty"):
        (runs_dir / name).mkdir()
    (runs_dir / "file").touch()
    assert [run.id for run in runs.list_runs(runs_dir)] == [run.id for run in reversed(made)]


def test_a_folder_of_runs_that_is_missing_or_none_holds_no_runs(tmp_path):
    (tmp_path / "file").touch()
    assert runs.list_runs(tmp_path / "nowhere") == runs.list_runs(tmp_path / "file") == []


def test_a_run_is_found_by_id_or_by_a_name_that_only_it_has(runs_dir):
    first, second, third = tiny_run(runs_dir, "one"), tiny_run(runs_dir, "two"), tiny_run(runs_dir, "two")
    assert runs.find(runs_dir, first.id).id == runs.find(runs_dir, "one").id == first.id
    with pytest.raises(ValueError, match=r"2 runs are called 'two'\. Use one's id: ") as refusal:
        runs.find(runs_dir, "two")
    assert second.id in str(refusal.value) and third.id in str(refusal.value)
    with pytest.raises(ValueError, match=r"There is no run 'three' in .*python -m gan_core runs"):
        runs.find(runs_dir, "three")


def test_a_run_is_found_by_its_path(runs_dir, tmp_path, monkeypatch):
    run = tiny_run(runs_dir)
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.chdir(runs_dir)
    for path in (str(run.path), f"./{run.id}", f"{run.path}/"):
        assert runs.find(elsewhere, path).path == run.path
    for path in (str(runs_dir), "\0", "x" * 5000, "~nobody-of-this-name"):
        with pytest.raises(ValueError, match="There is no run"):
            runs.find(elsewhere, path)


def test_an_id_comes_before_a_name(runs_dir):
    first = tiny_run(runs_dir)
    tiny_run(runs_dir, first.id)
    assert runs.find(runs_dir, first.id).id == first.id


@pytest.mark.parametrize("text", [*HOSTILE, "", "..", "/", "x" * 1000, "\0"])
def test_looking_for_a_strange_name_never_leaves_the_folder(runs_dir, text):
    tiny_run(runs_dir)
    with pytest.raises(ValueError, match="There is no run"):
        runs.find(runs_dir, text)


def test_a_folder_that_cannot_be_written_is_refused_with_reason_and_way_out(tmp_path):
    (tmp_path / "file").write_text("kept")
    for folder in (tmp_path / "file", tmp_path / "file" / "runs"):
        with pytest.raises(ValueError, match=r"The runs folder .* cannot be written \(.+\). .*GANVAS_RUNS_DIR"):
            runs.create(folder, tiny())
    assert [p.name for p in tmp_path.iterdir()] == ["file"] and (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"training": {"epochs": -1}}', b"\xff", b"[" * 10**5])
def test_a_run_with_a_damaged_configuration_says_so(runs_dir, content):
    run = tiny_run(runs_dir)
    config = run.path / "config.json"
    config.unlink() if content is None else config.write_bytes(content)
    with pytest.raises(ValueError, match=r"\w+"):
        run.config()


def test_the_configuration_on_disk_is_the_one_it_was_made_from(runs_dir):
    config = with_changes(tiny(), {"training.seed": 42, "generator_optimizer.learning_rate": 1.5e-5})
    assert runs.create(runs_dir, config).config() == config


@given(st.text(max_size=60))
def test_any_id_stays_inside_its_folder(text):
    assert not ID_PATTERN.fullmatch(text) or (text not in ("", ".", "..") and "/" not in text)


def test_sample_grids_are_listed_by_step(runs_dir):
    run = tiny_run(runs_dir)
    for step in (20, 3, 100):
        run.save_sample(step, b"png")
    (run.samples_dir / "step-nan.png").touch()
    assert run.sample_steps() == [3, 20, 100]
    assert Run(run.path).sample_path(3).read_bytes() == b"png"


@pytest.mark.parametrize(
    "content",
    [
        '{"state": "banana"}',
        '{"state": ["a"]}',
        '{"state": "running", "updated_at": "x"}',
        '{"state": "running", "step": "x", "total_steps": null}',
        '{"step": 3}',
    ],
)
def test_a_damaged_status_is_an_interrupted_run_and_not_an_error(runs_dir, content):
    run = tiny_run(runs_dir)
    (run.path / "status.json").write_text(content)
    status = run.status()
    assert status.state == "interrupted"
    assert isinstance(status.step, int) and isinstance(status.total_steps, int)


def test_two_runs_that_draw_the_same_id_get_two(runs_dir, monkeypatch):
    digits = iter(["abcd", "abcd", "abcd", "ef01"])
    monkeypatch.setattr("gan_core.runs.folder.secrets", SimpleNamespace(token_hex=lambda size: next(digits)))
    monkeypatch.setattr("gan_core.runs.folder.time", SimpleNamespace(strftime=lambda words: "20260101-120000"))
    one, two = (runs.create(runs_dir, tiny(), name) for name in ("one", "two"))
    assert (one.id[-20:], two.id[-20:]) == ("20260101-120000-abcd", "20260101-120000-ef01")
    assert (one.name, two.name) == ("one", "two") and len(runs.list_runs(runs_dir)) == 2
    assert not list(runs_dir.glob(f"{files.TEMPORARY}*"))

"""The command line in this process: what it prints, what it refuses, what it leaves behind."""

from __future__ import annotations

import json
import shlex

import numpy as np
import pytest
from helpers import TINY, outcome, tiny_run
from PIL import Image
from typer.core import TyperGroup
from typer.main import get_command

from gan_core import runs
from gan_core.cli import main
from gan_core.datasets import DATASETS
from gan_core.figures import imaging
from gan_core.presets import PRESETS
from gan_core.runs.sampler import open_sampler
from gan_core.training import loop, queue

SETTINGS = [text for name, value in TINY.items() for text in ("--set", f"{name}={value}")]


def refused(result: tuple[int, str, str], *words: str) -> None:
    status, _out, err = result
    lines = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert status == 2 and len(lines) == 1, result
    assert "Traceback" not in err
    for word in words:
        assert word in lines[0]


def test_the_examples_of_the_help_run(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for example in main.EXAMPLES:
        program, words = shlex.split(example)[:3], shlex.split(example)[3:]
        status, _out, err = command(*words, *(SETTINGS if words[0] == "train" else []))
        assert program == ["python", "-m", "gan_core"] and status == 0, err
    assert (tmp_path / "digits.png").is_file()
    monkeypatch.setenv("COLUMNS", "120")
    assert all(example in command("--help")[1] for example in main.EXAMPLES)


def test_every_command_argument_and_option_says_what_it_is():
    group = get_command(main.app)
    assert isinstance(group, TyperGroup) and len(group.commands) > 40
    for name, one in group.commands.items():
        assert one.help and one.rich_help_panel, name
        for parameter in one.params:
            words = str(getattr(parameter, "help", ""))
            assert words.endswith("."), (name, parameter.name, words)


def test_presets_are_listed_with_their_configurations(command):
    status, out, _ = command("presets", "--json")
    rows = json.loads(out)
    assert status == 0 and [row["name"] for row in rows] == list(PRESETS)
    assert rows[0]["config"] == PRESETS["mnist-dcgan"].config.model_dump(mode="json")
    assert all(name in command("presets")[1] for name in PRESETS)


def test_data_sets_are_listed(command):
    assert [row["name"] for row in json.loads(command("datasets", "--json")[1])] == list(DATASETS)
    assert all(name in command("datasets")[1] for name in DATASETS)


def test_runs_are_listed_newest_first_and_none_is_an_empty_list(command, runs_dir):
    assert json.loads(command("runs", "--json")[1]) == []
    first, second = tiny_run(runs_dir, "one"), tiny_run(runs_dir, "two [bold]")
    rows = json.loads(command("runs", "--json")[1])
    assert [(row["id"], row["state"]) for row in rows] == [(second.id, "queued"), (first.id, "queued")]
    assert "two [bold]" in command("runs")[1]


def test_train_prints_the_folder_first_and_leaves_a_finished_run(command, runs_dir):
    status, out, _err = command("train", "mnist-dcgan", *SETTINGS, "--name", "mine", "--steps", "7")
    (run,) = runs.list_runs(runs_dir)
    lines = out.splitlines()
    assert status == 0 and lines[0] == str(run.path)
    assert lines[-1].startswith("finished at step 7 of 7")
    assert run.name == "mine" and run.status().state == "finished"
    assert run.config().training.max_steps == 7


def test_train_on_the_command_line_equals_training_anywhere_else(command, runs_dir, tmp_path):
    command("train", "mnist-dcgan", *SETTINGS)
    (run,) = runs.list_runs(runs_dir)
    other = runs.create(tmp_path / "other", run.config())
    loop.train(other)
    assert outcome(run) == outcome(other)


def test_a_runs_folder_may_be_given(command, tmp_path):
    place = tmp_path / "elsewhere"
    assert command("train", "mnist-dcgan", *SETTINGS, "--steps", "2", "--runs-dir", place)[0] == 0
    assert len(runs.list_runs(place)) == 1
    assert len(json.loads(command("runs", "--json", "--runs-dir", place)[1])) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], ["Unknown preset 'nothing'", "mnist-dcgan, r1-dcgan"]),
        (["mnist-dcgan", "--set", "training.epoch=3"], ["Unknown setting 'training.epoch'", "training.epochs"]),
        (["mnist-dcgan", "--set", "training.epochs=0"], ["'training.epochs'", "greater than or equal to 1", "got '0'"]),
        (["mnist-dcgan", "--set", "training.epochs=many"], ["'training.epochs'", "valid integer", "'many'"]),
        (["mnist-dcgan", "--set", "training.epochs"], ["--set takes KEY=VALUE", "'training.epochs'"]),
        (["mnist-dcgan", "--set", "=5"], ["--set takes KEY=VALUE"]),
        (["mnist-dcgan", "--set", "dataset.image_size=40"], ["power of two", "got 40", "32 or 64"]),
        (["mnist-dcgan", "--set", "objective.name=x"], ["Unknown objective 'x'", "bce"]),
        (["mnist-dcgan", "--device", "cuda:9"], ["no device 'cuda:9'", "auto, cpu"]),
        (["mnist-dcgan", "--device", "toaster"], ["'training.device'", "got 'toaster'"]),
        (["r1-dcgan"], ["needs a folder", "dataset.root"]),
        (["r1-dcgan", "--set", "dataset.root=/nowhere"], ["There is no folder '/nowhere'"]),
        (["mnist-dcgan", "--set", "dataset.num_images=3"], ["3 images, fewer than one batch of 64"]),
        (["mnist-dcgan", "--name", "x" * 100], ["The name has 100 characters"]),
        (["mnist-dcgan", "--runs-dir", "/dev/null/runs"], ["The runs folder /dev/null/runs cannot be written"]),
        (["mnist-dcgan", "--runs-dir", "~nobody-of-this-name/x"], ["~nobody-of-this-name/x", "cannot be found"]),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence_and_leaves_nothing(command, runs_dir, arguments, words):
    refused(command("train", *arguments), *words)
    assert not runs_dir.exists() or list(runs_dir.iterdir()) == []


def test_an_empty_folder_and_one_of_unreadable_pictures_are_refused_and_leave_nothing(command, runs_dir, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    arguments = ["train", "r1-dcgan", "--set", f"dataset.root={folder}", "--set", "training.batch_size=2"]
    refused(command(*arguments), "holds no pictures")
    for name in "abc":
        (folder / f"{name}.png").touch()
    refused(command(*arguments), "None of the 3 pictures", "a.png")
    for name in "ab":
        Image.new("L", (8, 8)).save(folder / f"{name}.png")
    refused(command(*arguments, "--set", "training.batch_size=3"), "2 images, fewer than one batch of 3")
    assert not runs_dir.exists()


def test_skipped_pictures_are_named_on_the_way(command, tmp_path):
    for name in "abcd":
        Image.new("L", (8, 8)).save(tmp_path / f"{name}.png")
    (tmp_path / "bad.png").touch()
    changes = SETTINGS + ["--set", "dataset.name=folder", "--set", f"dataset.root={tmp_path}"]  # noqa: RUF005
    changes += ["--set", "training.batch_size=2", "--steps", "1"]
    status, _, err = command("train", "mnist-dcgan", *changes)
    assert status == 0 and "1 file left out:\n  bad.png: not a readable picture (UnidentifiedImageError)." in err


def test_a_run_that_fails_ends_with_its_sentence(command, runs_dir):
    run = tiny_run(runs_dir)
    (run.path / "config.json").write_text(run.config().to_json().replace('"image_size": 8', '"image_size": 24'))
    refused(command("resume", run.id), "power of two", "got 24")
    assert run.status().state == "failed"


def test_resume_goes_on_to_the_end_by_id_or_name(command, runs_dir, tmp_path):
    other = tiny_run(tmp_path / "other")
    loop.train(other)
    for key in ("id", "name"):
        run = tiny_run(runs_dir, f"paused {key}")
        calls = iter(range(100))
        loop.train(run, request=lambda calls=calls: "pause" if next(calls) == 6 else None)
        status, out, _ = command("resume", getattr(run, key))
        assert status == 0 and out.splitlines()[0] == str(run.path)
        assert outcome(run) == outcome(other)


def test_resume_takes_a_waiting_run_out_of_the_queue(command, runs_dir):
    run = tiny_run(runs_dir)
    queue.enqueue(run)
    assert command("resume", run.id)[0] == 0
    assert queue.queued_ids(runs_dir) == []


def test_what_cannot_be_resumed_is_refused(command, runs_dir):
    refused(command("resume", "nothing"), "There is no run 'nothing'")
    run = tiny_run(runs_dir, "done", training__max_steps=1)
    loop.train(run)
    refused(command("resume", "done"), "The run 'done' has finished")


@pytest.mark.slow  # it waits for the lock as long as a trainer does
def test_a_run_that_trains_elsewhere_is_not_resumed(command, runs_dir):
    busy = tiny_run(runs_dir, "busy")
    with busy.lock():
        refused(command("resume", "busy"), "is being trained by another process")


def test_stop_ends_a_waiting_run_and_refuses_one_at_rest(command, runs_dir):
    run = tiny_run(runs_dir, "waits")
    queue.enqueue(run)
    status, out, _ = command("stop", "waits")
    assert status == 0 and "waits: stopped at step 0" in out
    assert queue.queued_ids(runs_dir) == []
    refused(command("stop", "waits"), "The run 'waits' is not training; it is stopped")
    refused(command("stop", "nothing"), "There is no run 'nothing'")


def test_sample_draws_the_same_images_for_the_same_seed(command, runs_dir, tmp_path):
    run = tiny_run(runs_dir, "model")
    loop.train(run)
    pictures = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        out = tmp_path / f"{name}.png"
        assert command("sample", "model", "--count", 6, "--seed", seed, "--out", out)[0] == 0
        pictures.append(out.read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]
    assert Image.open(tmp_path / "a.png").size == (2 + 3 * 10, 2 + 2 * 10)


def test_what_cannot_be_sampled_is_refused_and_leaves_nothing(command, runs_dir, tmp_path):
    out = tmp_path / "out.png"
    tiny_run(runs_dir, "new")
    trained = tiny_run(runs_dir, "model", training__max_steps=1)
    loop.train(trained)
    refused(command("sample", "nothing", "--out", out), "There is no run 'nothing'")
    refused(command("sample", "new", "--out", out), "The run 'new' has no checkpoint yet")
    refused(command("sample", "model", "--step", 9, "--out", out), "no checkpoint of step 9")
    refused(command("sample", "model", "--out", tmp_path / "out.jpg"), "--out must name a .png file")
    refused(command("sample", "model", "--out", tmp_path / "nowhere" / "out.png"), "No such file or directory")
    assert [p.name for p in tmp_path.iterdir() if p.name != "runs"] == []


@pytest.mark.parametrize(
    "arguments", [["fly"], ["train"], ["sample", "x", "--count", "0", "--out", "a.png"], ["train", "x", "--steps", "0"]]
)
def test_a_command_that_is_no_command_ends_with_status_2(command, arguments):
    status, _, err = command(*arguments)
    assert status == 2 and "Traceback" not in err


def test_a_sample_sheet_takes_columns_and_labels_by_name(command, runs_dir, tmp_path):
    run = tiny_run(runs_dir, "digits", conditioning__name="concat", training__max_steps=1)
    loop.train(run)
    names, out = run.config().conditioning.labels, tmp_path / "sheet.png"
    assert command("sample", "digits", "--count", 20, "--columns", 10, "--label", names[3], "--out", out)[0] == 0
    sampler = open_sampler(run)
    row = np.eye(len(names), dtype=np.float32)[[3] * 20]
    wanted = imaging.grid(sampler.draw(20, 0, row), columns=10)
    assert np.array_equal(np.asarray(Image.open(out)), wanted)
    assert command("sample", "digits", "--label", "no digit", "--out", out)[0] == 2

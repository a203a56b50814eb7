"""What the pages do, as commands to copy: each is what the form says, and the command line knows it (`commands` in conftest)."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from evaluator_helpers import tiny_evaluator
from helpers import MACHINE, tiny_run
from sweep_helpers import small

from gan_core.cli.terminal import parse_changes
from gan_core.config import differences, settings, with_changes
from gan_core.datasets import DATASETS, uploads
from gan_core.experiments import studies
from gan_core.experiments.breakages import BREAKAGES
from gan_core.experiments.lessons import LESSONS
from gan_core.experiments.studies import PLANS, Study, StudyMember
from gan_core.experiments.sweeps import folder as folders
from gan_core.experiments.sweeps.templates import TEMPLATES
from gan_core.jobs import task
from gan_core.latents import saved_directions
from gan_core.latents.directions import NUM_DIRECTIONS
from gan_core.latents.saved_directions import Direction
from gan_core.presets import PRESETS
from gan_core.runs import Run, notes
from gan_core.training import supervisor
from pages.components.shared.as_command import line, train_line
from tests.pages.conftest import Visit, calm, copy_of, panel, parsed
from tests.pages.test_doctor_panel import sicken

Commands = dict[str, list[list[str]]]
PAGES = Path(__file__).resolve().parents[2] / "pages"
HARD = 'it\'s "here"; $(rm -rf ~) `x` --help #1 名前\\'


def changed(words: list[str]) -> dict[str, str]:
    """The settings of a command's --set."""
    return parse_changes([value for flag, value in pairwise(words) if flag == "--set"])


def test_every_place_that_shows_a_command_is_visited_by_a_test():
    source = "\n".join(path.read_text("utf-8") for path in PAGES.rglob("*.py"))
    places = {name.partition("{")[0] for name in re.findall(r'\bas_command\(\s*f?"([^"]+)"', source)}
    tests = "\n".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    visited = {name.partition("{")[0] for name in re.findall(r'commands\[f?"([^"]+)"\]', tests)}
    assert len(places) > 25
    begun = {place for place in places if place.endswith("_") and any(name.startswith(place) for name in visited)}
    assert places - visited - begun == set()


def test_what_a_person_typed_stays_one_word_of_a_shell():
    assert parsed(line("train", "mnist-dcgan", name=HARD)) == ["train", "mnist-dcgan", "--name", HARD]
    assert parsed(line("stop", "--help")) == ["stop", "--", "--help"]
    assert parsed(line("train", "mnist-dcgan", name="-x")) == ["train", "mnist-dcgan", "--name=-x"]


@pytest.mark.parametrize("name", list(PRESETS))
def test_the_command_of_a_configuration_trains_this_configuration(name: str):
    other = {"training.seed": 7, "training.epochs": 3, "remedies.instance_noise": 0.1, "conditioning.labels": ()}
    wanted = with_changes(PRESETS[name].config, other)
    words = parsed(train_line(wanted))
    assert words[:2] == ["train", name]
    assert differences(with_changes(PRESETS[name].config, changed(words)), wanted) == {}


def test_train_shows_what_the_form_says(visit: Visit, commands: Commands) -> None:
    app = visit("train", preset="mnist-dcgan")
    assert commands["train"] == [["train", "mnist-dcgan"]]
    app.text_input(key="train_mnist-dcgan_name").set_value(HARD)
    app.number_input(key="train_mnist-dcgan_training.epochs").set_value(3)
    calm(app.run())
    assert commands["train"] == [["train", "mnist-dcgan", "--set", "training.epochs=3", "--name", HARD]]


def test_a_runs_page_shows_the_commands_of_its_buttons(visit: Visit, commands: Commands, runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    run.write_status(replace(run.status(), state="paused"))
    visit("run", run=run.id)
    assert commands["control"] == [["resume", run.id]]
    run.write_status(replace(run.status(), state="queued"))
    visit("run", run=run.id, tab="settings")
    assert [words[:2] for words in commands["control"]] == [["pause", run.id], ["stop", run.id], ["change", run.id]]
    assert set(changed(commands["control"][2])) == {
        "generator_optimizer.learning_rate",
        "discriminator_optimizer.learning_rate",
    }
    train, verify = commands["settings"]
    assert train[:2] == ["train", "mnist-dcgan"] and verify == ["verify", run.id]


def test_a_trained_runs_tabs_and_menu_show_theirs(visit: Visit, commands: Commands, trained: Run) -> None:
    app = visit("run", run=trained.id)
    app.session_state["live_longer"] = True
    calm(app.run())
    assert commands["longer"][0][:2] == ["train-longer", trained.id]
    assert commands["diagnose"] == [["diagnose", trained.id]]
    panel(app, trained, "film")
    assert commands["film"] == [["film", trained.id, "--out", f"{trained.id}.mp4", "--fps", "8"]]
    panel(app, trained, "files")
    assert commands["export_run_file"] == [["export", trained.id, "--as", "zip", "--out", f"{trained.id}-zip.zip"]]
    app = panel(app, trained, "hub")
    app.text_input(key=f"hub_repo_{trained.id}_").set_value("ada/digits")
    app.toggle(key="hub_private").set_value(False)
    calm(app.run())
    step = str(trained.checkpoint_steps()[-1])
    assert commands["push"] == [["push", trained.id, "ada/digits", "--public", "--step", step]]
    visit("run", run=trained.id, tab="measure")
    assert commands["measure"] == [["evaluate", trained.id, "--metrics", "all", "--step", step, "--seed", "0"]]
    app = visit("run", run=trained.id, tab="report")
    app.session_state[f"publish_{trained.id}"] = True
    calm(app.run())
    assert commands["report"][0][:2] == ["report", trained.id] and commands["publish"][0][:2] == ["publish", trained.id]
    visit("run", run=trained.id, tab="explore", view="sheet")
    assert [words[0] for words in commands["sheet"]] == ["sample", "export"]


def test_a_branch_names_only_what_it_changes(visit: Visit, commands: Commands, trained: Run) -> None:
    app = visit("run", run=trained.id, tab="replay")
    assert commands["branch"][0][:2] == ["branch", trained.id] and changed(commands["branch"][0]) == {}
    app.text_input(key=f"replay_{trained.id}_generator_optimizer.learning_rate").set_value("0.0001")
    app.text_input(key=f"replay_name_{trained.id}").set_value(HARD)
    calm(app.run())
    assert changed(commands["branch"][0]) == {"generator_optimizer.learning_rate": "0.0001"}
    assert commands["branch"][0][-2:] == ["--name", HARD]


def test_two_runs_are_compared(visit: Visit, commands: Commands, trained: Run, trained_once: Path, runs_dir: Path):
    other = copy_of(trained_once, runs_dir, "another", "another")
    visit("compare", runs=f"{trained.id},{other.id}")
    assert commands["compare"] == [["compare", trained.id, other.id]]


def test_data_are_prepared_and_fetched_by_commands(
    visit: Visit, commands: Commands, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "nothing-prepared"))
    visit("data")
    assert commands["prepare"][0][:2] == ["prepare", next(iter(DATASETS))]
    assert commands["train_evaluator"][0][:2] == ["train-evaluator", next(iter(DATASETS))]
    with monkeypatch.context() as patch:
        given = SimpleNamespace(name="resnet 18.safetensors")
        patch.setattr(
            "pages.components.data.evaluators.uploader", lambda words, **_o: given if "safetensors" in words else None
        )
        visit("data", data="blocks")
    assert commands["import_evaluator"][0][:4] == ["import-evaluator", given.name, "--name", "resnet-18"]
    visit("data", data="mnist")
    assert commands["download"] == [["download", "mnist"]]
    app = visit("data", view="add")
    app.text_input(key="data_hub_repo").set_value("ada/cats")
    calm(app.run())
    assert commands["data_hub"] == [["download", "--from-hub", "ada/cats"]]


def test_work_in_the_background_has_the_command_that_cancels_it(
    visit: Visit, commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "nothing-prepared"))
    monkeypatch.setattr(task, "_launch", lambda place, actor: None)  # it starts, and stays there
    calm(visit("data", data="blocks").button(key="data_prepare").click().run())
    [one] = task.at_work()
    assert commands["cancel_data"] == [["cancel", one.id]] and "blocks" in one.task.arguments


def test_fetching_runs_from_the_hub(visit: Visit, commands: Commands) -> None:
    app = visit("runs", tab="import")
    assert "pull" not in commands
    app.text_input(key="hub_from").set_value("ada/digits")
    app.text_input(key="hub_revision").set_value("v1")
    app.text_input(key="hub_browse_collection").set_value("ada/class-64f9a55bb3115b4f513ec026")
    calm(app.run())
    assert commands["pull"] == [["pull", "ada/digits", "--revision", "v1"]]
    assert commands["browse"][0][:3] == ["browse", "--collection", "ada/class-64f9a55bb3115b4f513ec026"]


def test_sweeps(visit: Visit, commands: Commands) -> None:
    visit("train", tab="many")
    words = commands["sweep"][0]
    assert words[0] == "sweep" and "--grid" in words and "--metric" in words
    known = {place for place in commands if place.startswith("sweep_")}
    assert known <= {f"sweep_{name}" for name in TEMPLATES}
    assert all(commands[f"sweep_{place.removeprefix('sweep_')}"][0][0] == "sweep" for place in known)


def test_a_model_that_is_broken_and_what_a_lesson_trains(visit: Visit, commands: Commands) -> None:
    visit("learn", tab="break")
    for name, breakage in BREAKAGES.items():
        words = commands[f"break_{name}"][0]
        assert with_changes(PRESETS[words[1]].config, changed(words)) == breakage.config
    assert {words[0] for words in commands["slopes"]} == {"train"}
    lesson = next(iter(LESSONS.values()))
    visit("learn", lesson=lesson.name, **answers(lesson))
    assert len(commands["lesson"]) >= 1 and all(words[0] == "train" for words in commands["lesson"])


def answers(lesson: Any) -> dict[str, str]:
    """A prediction for each question of a lesson."""
    return {f"say-{step.key}": step.choices[0].key for step in lesson.steps if hasattr(step, "choices")}


def test_rename_notes_and_marks(visit: Visit, commands: Commands, trained: Run, monkeypatch) -> None:
    trained.describe(name=HARD, note="first\nsecond")
    notes.observe(trained, "losses", HARD)
    app = panel(visit("run", run=trained.id), trained, "edit")
    assert commands["rename"] == [["rename", trained.id, HARD], ["note", trained.id, "first\nsecond"]]
    app.session_state[f"live_seen_{trained.id}_losses_0"] = True
    app.session_state[f"live_marks_{trained.id}"] = True
    monkeypatch.setattr("pages.components.report.notes.picked", lambda *_arguments: (3,))
    calm(app.run())
    assert commands["observation_losses"] == [["note", trained.id, HARD, "--figure", "losses"]]
    step, reason = str(trained.sample_steps()[-1]), ["--reason", "Reason"]
    picture = ["mark", trained.id, "--step", step, "--picture", "3", *reason]
    assert commands["mark"] == [[*picture, "--best"], [*picture, "--worst"]]


def test_deleting_and_taking_back(visit: Visit, commands: Commands, trained: Run, trained_once: Path, runs_dir: Path):
    copy_of(trained_once, runs_dir, "gone", "gone").delete()
    app = visit("runs")
    of_run = ["--kind", "run"]
    assert commands["bin_runs"] == [["restore", "gone", *of_run], ["empty-bin", "gone", *of_run]]
    copy_of(trained_once, runs_dir, "lost", "lost").delete()
    app = visit("runs")
    assert [words[0] for words in commands["bin_runs"]] == ["restore", "restore", "empty-bin", "empty-bin", "empty-bin"]
    assert commands["bin_runs"][-1] == ["empty-bin", *of_run]
    app.checkbox(key=f"runs_tick_{trained.id}").set_value(True)
    calm(app.run())
    calm(app.button(key="runs_delete").click().run())
    assert commands["delete"] == [["delete", trained.id]]


def test_data_sets_of_ones_own(visit: Visit, commands: Commands, monkeypatch) -> None:
    own = uploads.add_points([(n / 60, n / 60) for n in range(60)], "ring")
    app = visit("data", view="add")
    calm(app.button(key=f"data_delete_{own.id}").click().run())
    assert commands["delete_data"] == [["delete", own.id, "--kind", "data-set"]]
    names = {"zip": "my cats.zip", "csv": "-moons.csv"}

    def given(_words: str, *, type: str | list[str], **_options: Any) -> SimpleNamespace:
        return SimpleNamespace(name=names[type if isinstance(type, str) else type[0]])

    monkeypatch.setattr("pages.components.data.add.uploader", given)
    visit("data", view="add")
    assert commands["add_zip"] == [["add-data", "my cats.zip"]]
    assert commands["add_points"] == [["add-data", "--", "-moons.csv"]]


def test_studies(visit: Visit, commands: Commands, runs_dir: Path) -> None:
    visit("train", tab="many", about="weights", epochs="2", images="64", seeds="2")
    assert commands["study"] == [["study", "r2-ratios", "--epochs", "2", "--images", "64", "--seeds", "2"]]
    (arm, *_others) = PLANS["r2-ratios"].arms
    kept = Study("r2-ratios-1", HARD[:60], "r2-ratios", 1.0, {}, (StudyMember(arm.name, 0),))
    studies.STORE.save(runs_dir, kept)
    visit("experiment", id=kept.id)
    assert commands["study_runs"] == [["study", kept.id]]
    assert commands["remove_study_forget"] == [["delete", kept.id, "--kind", "study"]]


def test_sweeps_evaluators_and_directions_are_deleted(
    visit: Visit, commands: Commands, trained: Run, runs_dir: Path
) -> None:
    sweep = folders.open_folder(runs_dir, small(name="Batches"))
    visit("experiment", id=sweep.id)
    assert commands["remove_sweeps_forget"] == [["delete", sweep.id, "--kind", "sweep"]]
    for name in ("one", "two"):
        tiny_evaluator(settings.evaluators_dir(), name)
    visit("data", data="mnist5k")
    for name in ("one", "two"):
        assert commands[f"delete_evaluator_{name}"] == [["delete", name, "--kind", "evaluator"]]
    z = (1.0,) + (0.0,) * (trained.config().network.latent_dim - 1)
    smile = saved_directions.save(runs_dir, Direction("smile", trained.id, trained.name, 0, z, "raw"))
    frown = saved_directions.save(runs_dir, Direction("frown", trained.id, trained.name, 0, z, "raw"))
    saved_directions.delete(runs_dir, frown.id)
    visit("run", run=trained.id, tab="explore", along="saved")
    assert commands["directions_explore"] == [
        ["rename", smile.id, "smile"],
        ["delete", smile.id, "--kind", "direction"],
        ["export-directions", "--out", "directions.json"],
        ["import-directions", "directions.json"],
    ]
    file = f"{frown.id}.json"
    assert commands["bin_explore"] == [[word, file, "--kind", "direction"] for word in ("restore", "empty-bin")]


def test_what_is_saved_of_the_sliders_is_what_the_command_saves(
    visit: Visit, commands: Commands, command: Any, trained: Run, runs_dir: Path
) -> None:
    step = str(trained.checkpoint_steps()[-1])
    end = ["--step", step]
    app = visit("run", run=trained.id, tab="explore", along="raw")
    assert commands["save_direction"] == [["save-direction", trained.id, "Name", "--along", "0", "--by", "raw", *end]]
    for along, offsets in (("pca", [1.5, 0, 0]), ("sefa", [0.5, 0, -2])):
        at = "_".join(map(str, [1, *offsets, *[0] * (NUM_DIRECTIONS - len(offsets))]))
        app = visit("run", run=trained.id, tab="explore", along=along, at=at)
        app.text_input(key="explore_save_name").set_value(f"by {along}")
        calm(app.run())
        (words,) = commands["save_direction"]
        assert words[:3] == ["save-direction", trained.id, f"by {along}"] and "=" in words[4]
        calm(app.button(key="explore_save_do").click().run())
        (page,) = saved_directions.list_directions(runs_dir)
        saved_directions.delete(runs_dir, page.id)
        assert command(*words)[0] == 0
        (typed,) = saved_directions.list_directions(runs_dir)
        assert replace(typed, id="", created=0) == replace(page, id="", created=0, vector=typed.vector)
        assert typed.vector == pytest.approx(page.vector, abs=1e-5)
        saved_directions.delete(runs_dir, typed.id)


def test_a_remedy_has_the_command_of_its_button(visit: Visit, commands: Commands, trained: Run) -> None:
    sicken(trained)
    visit("run", run=trained.id)
    first, *others = commands["diagnose"]
    assert first == ["diagnose", trained.id] and {words[0] for words in others} == {"treat"}
    assert others[0] == ["treat", trained.id, "bce_clamp", "--remedy", "1"]


def test_the_number_of_processes_is_part_of_the_commands(
    visit: Visit, commands: Commands, trained: Run, runs_dir: Path, monkeypatch
) -> None:
    monkeypatch.setattr(supervisor, "machine", lambda chosen: replace(MACHINE, threads=7))
    app = visit("train", preset="mnist-dcgan")
    assert commands["train"] == [["train", "mnist-dcgan"]]
    calm(app.selectbox(key="train_processes_cpu").set_value(3).run())
    assert commands["train"] == [["train", "mnist-dcgan", "--processes", "3"]]
    run = tiny_run(runs_dir)
    run.use_processes(2)
    run.write_status(replace(run.status(), state="failed"))
    app = visit("run", run=run.id)
    calm(app.selectbox(key=f"live_processes_{run.id}_cpu").set_value(4).run())
    assert commands["control"] == [
        ["resume", run.id, "--processes", "4"],
        ["resume", run.id, "--from-start", "--processes", "2"],
    ]
    app = visit("run", run=trained.id)
    app.session_state["live_longer"] = True
    calm(app.run())
    calm(app.selectbox(key=f"live_longer_processes_{trained.id}_cpu").set_value(2).run())
    assert commands["longer"][0][-2:] == ["--processes", "2"]

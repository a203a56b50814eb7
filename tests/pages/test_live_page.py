"""Train, after the start: what a run shows and offers in each of its states, made from real run directories."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from helpers import tiny_run
from streamlit.testing.v1 import AppTest

from gan_core.config import get
from gan_core.runs import Run, environment
from gan_core.runs.status import STALE_AFTER_S
from gan_core.training import loop, queue, supervisor
from tests.pages.conftest import Visit, calm, copy_of, labels, plain, words


def put(run: Run, state: str, **changes: Any) -> Run:
    """The run, in this state."""
    run.write_status(replace(run.status(), state=state, **changes))
    return run


def live(visit: Visit, run: Run, **query: str) -> AppTest:
    app = visit("run", run=run.id, **query)
    assert plain(app.title[0].value) == run.name
    return app


def badge(app: AppTest) -> str:
    """The word on the state's badge."""
    return next(m.value for m in app.markdown if "-badge[" in m.value).partition("[")[2].rstrip("]")


def test_a_queued_run_names_its_place_and_can_be_paused_or_stopped(visit: Visit, runs_dir: Path) -> None:
    runs = [tiny_run(runs_dir, f"number {n}") for n in (1, 2, 3)]
    for run in runs:
        queue.enqueue(run)
    first, _second, third = [live(visit, run) for run in runs]
    assert badge(first) == badge(third) == "waiting"
    assert "as soon as the device is free" in words(first)
    assert "place 3 in the queue" in words(third)
    assert {"Pause", "Stop"} <= set(labels(third))
    assert "The curves begin with the first step." in words(third)
    calm(third.button(key="live_stop").click().run())
    assert runs[2].status().state == "stopped"
    assert queue.queued_ids(runs_dir) == [run.id for run in runs[:2]]
    assert badge(third) == "stopped"
    assert "Resume" in labels(third)


def test_a_run_whose_data_changed_goes_on_after_a_confirmation(visit: Visit, trained: Run) -> None:
    put(trained, "paused", step=20)
    assert "Accept and resume" not in labels(live(visit, trained))
    trained.add_event(environment.REFUSED, 20, before=60, now=61)
    put(trained, "failed", step=20)
    app = live(visit, trained)
    calm(app.button(key="live_accept_data").click().run())
    assert trained.events()[-1]["type"] == environment.ALLOWED and trained.status().state == "queued"


def test_the_details_show_what_a_run_was_trained_with(visit: Visit, trained: Run) -> None:
    app = live(visit, trained, tab="settings")
    (table,) = [d.value for d in app.dataframe if "processor" in d.value.columns]
    (session,) = environment.sessions(trained)
    assert table["torch"].tolist() == [session.torch] and table["data"].tolist() == [session.data]


def test_a_running_run_shows_progress_and_all_counts(visit: Visit, trained: Run) -> None:
    put(trained, "running", step=10, epoch=3, images_seen=160, images_per_s=100.0)
    app = live(visit, trained)
    assert badge(app) == "training"
    text = words(app)
    for part in ("step 10 of 20", "epoch 3 of 5", "160 images seen", "100 images/s", "about 2 s left", "CPU"):
        assert part in text
    assert {"Pause", "Stop", "Change now"} <= set(labels(app))
    assert "Resume" not in labels(app)
    assert app.get("progress")[-1].proto.value == 50


def test_a_phase_is_shown_instead_of_the_counts(visit: Visit, runs_dir: Path) -> None:
    app = live(visit, put(tiny_run(runs_dir), "running", phase="Preparing the images: 50 of 64"))
    assert "Preparing the images: 50 of 64" in words(app)
    assert "step 0" not in "".join(caption.value for caption in app.main.caption if "of" in caption.value)


@pytest.mark.parametrize("command", ["pause", "stop"])
def test_pause_and_stop_reach_the_trainer_and_cannot_be_pressed_twice(visit: Visit, trained: Run, command: str) -> None:
    app = live(visit, put(trained, "running", step=10))
    calm(app.button(key=f"live_{command}").click().run())
    assert trained.control().command == command
    assert app.button(key="live_pause").disabled
    assert app.button(key="live_stop").disabled


def test_a_stopping_run_offers_nothing_that_could_disturb_it(visit: Visit, trained: Run) -> None:
    app = live(visit, put(trained, "stopping", step=10))
    assert badge(app) == "stopping"
    assert not {"Pause", "Stop", "Resume"} & set(labels(app))


@pytest.mark.parametrize("state", ["paused", "stopped", "failed", "interrupted"])
def test_a_run_that_was_left_can_be_resumed(visit: Visit, trained: Run, state: str) -> None:
    error = "The loss became nan at *step* 7." if state in ("failed", "interrupted") else ""
    app = live(visit, put(trained, state, step=10, error=error))
    assert badge(app) == state
    assert "Resume" in labels(app)
    assert not {"Pause", "Stop", "Change now"} & set(labels(app))
    assert [plain(e.value) for e in app.error] == [error] * bool(error)
    calm(app.button(key="live_resume").click().run())
    assert trained.status().state == "queued"
    assert queue.position(trained) == 1
    assert badge(app) == "waiting"


def test_a_finished_run_leads_on_to_explore(visit: Visit, trained: Run) -> None:
    app = live(visit, trained)
    assert badge(app) == "finished"
    assert labels(app) == ["Present"]
    assert "step 20 of 20" in words(app)
    calm(app.segmented_control(key="run_tab").set_value("explore").run())
    assert app.query_params["run"] == trained.id
    assert app.selectbox(key=f"explore_step_{trained.id}").value == 20


def test_a_run_whose_trainer_fell_silent_is_interrupted(visit: Visit, trained: Run) -> None:
    stale = replace(
        trained.status(), state="running", step=10, images_per_s=9.0, updated_at=time.time() - 2 * STALE_AFTER_S
    )
    (trained.path / "status.json").write_text(json.dumps(asdict(stale)))
    app = live(visit, trained)
    assert badge(app) == "interrupted"
    assert "images/s" not in words(app)
    assert "Resume" in labels(app)


def test_a_real_failure_shows_its_own_sentence(visit: Visit, runs_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for number in range(16):
        (tmp_path / "pictures" / f"{number}.png").write_bytes(b"no picture at all")
    run = tiny_run(runs_dir, dataset__name="folder", dataset__root=str(tmp_path / "pictures"))
    assert loop.train(run).state == "failed"
    (error,) = live(visit, run).error
    assert "None of the 16 pictures" in plain(error.value)


def test_skipped_pictures_are_counted(visit: Visit, trained: Run) -> None:
    (warning,) = live(visit, put(trained, "running", step=10, skipped=3)).warning
    assert warning.value.startswith("3 files of the data set were left out")


def test_learning_rates_are_asked_for_and_bad_ones_refused(visit: Visit, trained: Run) -> None:
    name = "generator_optimizer.learning_rate"
    app = live(visit, put(trained, "running", step=10))
    first = f"{get(trained.config(), name):g}"
    app.text_input(key=f"live_{trained.id}_{name}_{first}").set_value("0.01")
    put(trained, "running", step=10)  # a fresh heartbeat
    change(app)
    assert trained.control().overrides == {name: 0.01}
    put(trained, "running", step=10)
    calm(app.run())
    assert app.text_input(key=f"live_{trained.id}_{name}_0.01").value == "0.01"  # for every visitor
    for bad in ("abc", "-1", "nan", "2"):
        put(trained, "running", step=10)
        app.text_input(key=f"live_{trained.id}_{name}_0.01").set_value(bad)
        change(app)
        (error,) = app.error
        assert "learning_rate" in plain(error.value)
        assert trained.control().overrides == {name: 0.01}


def change(app: AppTest) -> None:
    calm(next(button for button in app.button if button.label == "Change now").click().run())


def test_curves_are_explained_and_the_log_is_the_examples(visit: Visit, trained: Run) -> None:
    def plots(app: AppTest) -> list[str]:
        keys = [str(getattr(e, "key", "")) for e in app.main]
        return [key.rpartition("_")[2] for key in keys if key.startswith("live_plot_")]

    app = live(visit, trained)
    assert plots(app) == ["losses", "judgement"]
    app.session_state["live_more"] = True
    layers = ["d", "g"]  # the gradients of each network, layer by layer
    wanted = ["losses", "judgement", "discriminator", "spread", "nearest", "separation", "memory", "gradients", *layers]
    first, more = wanted[:2], wanted[2:]
    assert plots(calm(app.run())) == [*first, *more[::2], *more[1::2]]  # in two columns
    assert any("What helps one mostly hurts the other" in m.help for m in app.markdown)
    app = live(visit, trained, tab="settings")
    _command, lines, events = [code.value for code in app.code]
    assert lines.splitlines()[-1].startswith("[5/5][4/4] Loss_D: ")
    assert len(lines.splitlines()) == 12
    assert "step 20: finished" in events


def test_an_older_grid_can_be_looked_at(visit: Visit, trained: Run) -> None:
    app = live(visit, trained)
    assert trained.sample_steps() == [0, 5, 10, 15, 20]
    calm(app.toggle(key=f"live_follow_{trained.id}").set_value(False).run())
    slider = app.select_slider(key=f"live_step_{trained.id}")
    assert slider.value == 20
    calm(slider.set_value(5).run())
    assert app.select_slider(key=f"live_step_{trained.id}").value == 5


def test_settings_and_architecture_are_shown(visit: Visit, trained: Run) -> None:
    app = live(visit, trained, tab="settings")
    changed, table = app.dataframe[0].value, app.dataframe[1].value
    assert "network.width" in changed["key"].tolist() and "training.seed" not in changed["key"].tolist()
    assert "--set network.width=4" in app.code[0].value
    assert table.set_index("key").loc["network.width", "value"] == "4"
    assert table["meaning"].map(bool).all()


def test_a_run_with_a_damaged_configuration_is_one_sentence(visit: Visit, trained: Run) -> None:
    (trained.path / "config.json").write_text('{"training": {"epochs": -3}}')
    app = visit("run", run=trained.id)
    (error,) = app.error
    assert "training.epochs" in plain(error.value)


def test_a_run_deleted_elsewhere_is_one_sentence(visit: Visit, trained: Run, trained_once: Path) -> None:
    app = live(visit, trained)
    copy_of(trained_once, trained.path.parent, "another")
    supervisor.delete(trained)
    calm(app.toggle(key="live_log").set_value(True).run())
    assert "it may have been deleted" in words(app)


def test_a_failed_run_can_begin_anew_and_what_is_there_is_kept(visit: Visit, trained: Run) -> None:
    (trained.manifest_path).write_text("{")
    app = live(visit, put(trained, "failed", step=10, error="None of the checkpoints can be used."))
    assert "set-aside-1" in words(app)
    calm(app.button(key="live_anew_yes").click().run())
    assert trained.status().state == "queued" and trained.checkpoint_steps() == []
    assert Run(trained.path / "set-aside-1").checkpoint_steps()[-1] == 20


def test_damaged_lines_of_the_log_are_told_and_the_others_drawn(visit: Visit, trained: Run) -> None:
    lines = trained.metrics_path.read_bytes().splitlines(keepends=True)
    trained.metrics_path.write_bytes(b"".join([*lines[:5], b"\0garbage\n", *lines[5:]]))
    app = live(visit, trained, tab="settings")
    assert "1 damaged line of metrics.jsonl was skipped." in words(app)


def test_the_whole_log_table_is_there_an_epoch_a_row_or_a_step_a_row(visit: Visit, trained: Run) -> None:
    app = live(visit, trained, tab="settings")
    app.session_state[f"log_table_{trained.id}"] = True
    calm(app.run())
    assert [line[:10] for line in app.code[-1].value.splitlines()] == [f"[{n}/5][4/4]" for n in range(1, 6)]
    calm(app.segmented_control(key=f"log_table_{trained.id}_rows").set_value("step").run())
    assert len(app.code[-1].value.splitlines()) == 20


def test_a_finished_run_trains_longer_as_a_new_run(visit: Visit, trained: Run) -> None:
    app = live(visit, trained)
    app.session_state["live_longer"] = True
    calm(app.run())
    app.number_input(key=f"live_longer_epochs_{trained.id}").set_value(2).run()
    assert "From step 20 to step 28." in words(app)
    calm(app.button(key="live_longer_yes").click().run())
    assert app.query_params["run"] not in ("", trained.id) and "2 epochs more" in words(app)

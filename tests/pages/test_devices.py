"""How many devices a run is trained on: offered on Train and where a run goes on, where there are several; shown on its page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers import MACHINE, tiny_run

from gan_core import runs
from gan_core.config.devices import Machine
from gan_core.runs import Run
from gan_core.training import supervisor
from tests.pages.conftest import Visit, calm, plain

GPUS = Machine(
    devices=("cuda:0", "cuda:1", "cuda:2", "cuda:3", "cpu"), labels=("GPU",) * 4 + ("CPU",), threads=7,
    bf16_devices=(),
)  # fmt: skip


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "machine", lambda chosen: GPUS)


def paused(runs_dir: Path, processes: int = 1) -> Run:
    run = tiny_run(runs_dir)
    run.use_processes(processes)
    run.write_status(replace(run.status(), state="paused", step=5, total_steps=20))
    return run


def test_one_device_is_no_choice(visit: Visit, runs_dir: Path) -> None:
    assert not [box for box in visit("train").selectbox if str(box.key).startswith("train_processes")]
    app = visit("run", run=paused(runs_dir).id)
    assert not [box for box in app.selectbox if str(box.key).startswith("live_processes")]


def test_devices_are_chosen_for_a_new_run(visit: Visit, runs_dir: Path, gpus: None) -> None:
    app = visit("train", preset="r1-dcgan-lite")
    choice = app.selectbox(key="train_processes_cuda")
    assert (choice.label, choice.options) == ("Devices (of 4)", ["1", "2", "3", "4"])
    choice.set_value(2).run()
    calm(app.button(key="train_start").click().run())
    (run,) = runs.list_runs(runs_dir)
    assert run.control().processes == 2 and run.config().training.device == "cuda:0"


def test_a_run_that_is_resumed_begins_with_as_many_as_before(visit: Visit, runs_dir: Path, monkeypatch) -> None:
    monkeypatch.setattr(supervisor, "machine", lambda chosen: replace(MACHINE, threads=7))
    run = paused(runs_dir, 2)
    app = visit("run", run=run.id)
    choice = app.selectbox(key=f"live_processes_{run.id}_cpu")
    assert (choice.label, choice.value, choice.options) == ("Processes", 2, ["1", "2", "3", "4"])
    assert any("2 processes on CPU" in caption.value for caption in app.caption)
    choice.set_value(3).run()
    calm(app.button(key="live_resume").click().run())
    assert (run.control().processes, run.status().state) == (3, "queued")


def test_the_number_that_was_chosen_is_refused_when_there_are_fewer_by_now(
    visit: Visit, runs_dir: Path, gpus: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit("train", preset="r1-dcgan-lite")
    app.selectbox(key="train_processes_cuda").set_value(4).run()
    for devices in (GPUS.devices[:2], GPUS.devices[:1]):
        fewer = replace(GPUS, devices=(*devices, "cpu"))
        monkeypatch.setattr(supervisor, "machine", lambda chosen, fewer=fewer: fewer)
        calm(app.button(key="train_start").click().run())
        there = len(devices)
        assert f"this computer has {there} of kind cuda, too few for 4 processes" in plain(app.error[0].value)
        assert runs.list_runs(runs_dir) == []
    app.selectbox(key="train_processes_cuda").set_value(1).run()
    assert not [box for box in app.run().selectbox if str(box.key).startswith("train_processes")]

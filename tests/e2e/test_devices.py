"""The choice of devices on Train: what the machine has is offered, more is refused, and what is chosen trains the run.

The machine is that of a cluster's nodes as a job found it, kept in the runs folder; its jobs are processes of this computer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import eventually
from playwright.sync_api import Browser, Page, expect

from gan_core import runs
from gan_core.config.devices import Machine
from gan_core.runs import environment, files
from gan_core.training import slurm
from gan_core.training.places import PLACES
from gan_core.training.slurm import SlurmTrainer
from tests.e2e.app_helpers import QUICK, SLOW_MS, Lab, button, main_part, open_page, settled, visitor
from tests.e2e.browser import Server

pytestmark = pytest.mark.e2e
NODE = Machine(
    devices=("cuda:0", "cuda:1", "cpu"), labels=("GPU", "GPU", "CPU, 8 cores"), threads=7, bf16_devices=()
)  # fmt: skip
CLUSTER = {"GANVAS_PLACE": "slurm", "GANVAS_SLURM_CLUSTER": "local", "GANVAS_SLURM_GPUS": "2", "OMP_NUM_THREADS": "1"}
JOB_S = 200.0  # three processes import torch, on a machine that may be busy
SMALL = QUICK | {"dataset.num_images": 16, "training.epochs": 1, "recording.sample_every_steps": 8}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Lab]:
    """A lab whose runs train as jobs, on nodes of two GPUs and eight cores."""
    lab = Lab(tmp_path_factory.mktemp("lab"), shared_cache, CLUSTER)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CLUSTER.items():
            patch.setenv(name, value)
        known = {"asked": SlurmTrainer(lab.runs_dir)._asked(), "machine": NODE.to_dict()}
    (lab.runs_dir / slurm.FOLDER).mkdir(mode=0o700, parents=True)
    files.write_json(lab.runs_dir / slurm.FOLDER / "machine.json", known)
    yield lab


def form(page: Page, server: Server, **changes: object) -> None:
    """Train, with the settings of a small run and these (`training__device`)."""
    wanted = SMALL | {name.replace("__", "."): value for name, value in changes.items()}
    address = "&".join(f"{name}={value}" for name, value in wanted.items())
    open_page(page, server, f"/train?preset=mnist-dcgan&{address}", "Train a model")
    settled(page)


def offered(page: Page, label: str) -> list[str]:
    """The numbers in the list of this label, which stays open."""
    box = main_part(page).get_by_role("combobox", name=label)
    expect(box).to_be_visible(timeout=SLOW_MS)
    box.click()
    expect(page.get_by_role("option").first).to_be_visible()
    return page.get_by_role("option").all_inner_texts()


def choose(page: Page, label: str, words: str) -> None:
    offered(page, label)
    page.get_by_role("option", name=words, exact=True).click()
    expect(main_part(page).get_by_role("combobox", name=label)).to_have_value(words)
    settled(page)


def test_processes_that_the_machine_has_room_for_are_offered_and_train_the_run(
    lab: Lab, server: Server, browser: Browser
) -> None:
    with visitor(browser) as (page, _faults):
        form(page, server, training__device="cpu", training__batch_size=2)
        assert offered(page, "Processes") == ["1", "2", "3", "4"]
        page.keyboard.press("Escape")
        choose(page, "Processes", "3")
        button(page, "Start training").click()
        expect(main_part(page).get_by_text("2 packs of 1 images, too few for 3 processes")).to_be_visible()
        assert runs.list_runs(lab.runs_dir) == []
        choose(page, "Processes", "2")
        button(page, "Start training").click()
        page.wait_for_url("**/run?**")
        run = lab.newest()
        eventually(lambda: run.status().state == "finished", f"its end, but {run.status()}", JOB_S)
        assert run.config().training.device == "cpu" and run.control().processes == 2
        assert [session.processes for session in environment.sessions(run)] == [2]
        assert [row["step"] for row in run.metrics()] == list(range(1, 9))
        expect(main_part(page).get_by_text("2 processes on CPU")).to_be_visible()


def test_more_devices_than_the_machine_has_now_are_refused(lab: Lab, server: Server, browser: Browser) -> None:
    before = {run.id for run in runs.list_runs(lab.runs_dir)}
    with visitor(browser) as (page, _faults):
        form(page, server)
        assert offered(page, "Devices (of 2)") == ["1", "2"]
        page.keyboard.press("Escape")
        choose(page, "Devices (of 2)", "2")
        machine = lab.runs_dir / f".machine-{PLACES.find('slurm').machine}.json"
        files.write_json(machine, replace(NODE, devices=("cuda:0", "cpu"), labels=("GPU", "CPU, 8 cores")).to_dict())
        words = "this computer has 1 of kind cuda, too few for 2 processes. Choose at most 1."
        button(page, "Start training").click()
        expect(main_part(page).get_by_text(words)).to_be_visible()
        page.locator(".st-key-command_train summary").click()
        name = main_part(page).get_by_label("Your name for the run")
        name.fill("two devices")
        name.press("Enter")
        expect(page.locator(".st-key-command_train code")).to_contain_text("--name 'two devices' --processes 2")
        expect(main_part(page).get_by_role("combobox", name="Devices (of 1)")).to_have_value("2")
        assert {run.id for run in runs.list_runs(lab.runs_dir)} == before

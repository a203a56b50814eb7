"""What a run was trained with is written with it, names nobody, travels with it; data that changed are not used unasked."""

from __future__ import annotations

import getpass
import json
import os
import platform
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import outcome, tiny, tiny_run
from PIL import Image

import gan_core
from gan_core import datasets, runs
from gan_core.config import DatasetConfig, settings
from gan_core.runs import Run, environment, portable
from gan_core.runs.branching import branch
from gan_core.runs.environment import Environment
from gan_core.training import loop, supervisor


def leaving(step: int):
    calls = iter(range(10**6))
    return lambda: "pause" if next(calls) == step else None


def pictures(folder: Path, numbers: range) -> None:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        drawn = np.random.default_rng(number).integers(0, 256, (8, 8), dtype=np.uint8)
        Image.fromarray(drawn).save(folder / f"{number:03d}.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures(tmp_path / "pictures", range(32))
    return tmp_path / "pictures"


@pytest.fixture
def paused(runs_dir: Path, folder: Path) -> Run:
    """A run on a folder of pictures, paused at step 3."""
    config = {"dataset__name": "folder", "dataset__root": str(folder), "dataset__num_images": 0}
    run = tiny_run(runs_dir, **config)
    assert loop.train(run, request=leaving(3)).state == "paused"
    return run


def test_each_start_and_resume_adds_what_it_was_trained_with(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    loop.train(run, request=leaving(7))
    loop.train(run)
    first, second = environment.sessions(run)
    assert (first.step, second.step) == (0, 7)
    assert replace(second, step=0) == first
    data = datasets.prepare(run.config().dataset)
    assert (first.data, first.num_images) == (data.digest, 60)
    assert (first.ganvas, first.torch, first.numpy) == (gan_core.__version__, torch.__version__, np.__version__)
    assert (first.threads, first.precision, first.seed, first.deterministic) == (1, "fp32", 0, False)
    assert first.cores == len(os.sched_getaffinity(0)) and first.memory_mib > 500
    assert first.processor and first.system and first.python == platform.python_version()


def test_the_hardware_line_names_device_cores_memory_versions_and_minutes_each_machine_once(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    assert environment.hardware_line(run) == ""
    cpu = Environment(0, "1.0", "", "3.13.1", "2.9.0", system="Debian 13", processor="EPYC (AVX512)", device="EPYC (AVX512)",
                      cores=2, memory_mib=7936, threads=1, precision="fp32")  # fmt: skip
    gpu = replace(cpu, step=8, device="H200", cores=16, memory_mib=143360, threads=15, precision="bf16")
    environment.write_sessions(run.environment_path, [cpu, replace(cpu, step=4), gpu])
    run.write_status(replace(run.status(), seconds=90.0))
    versions = "Ganvas 1.0, torch 2.9.0, Python 3.13.1; Debian 13"
    assert environment.hardware_line(run) == (
        f"EPYC (AVX512), 7.8 GiB of memory, 1 thread of 2 cores, fp32; {versions}; after that "
        f"H200, 140.0 GiB of memory next to EPYC (AVX512), 15 threads of 16 cores, bf16; {versions}. 1.5 minutes of training."
    )


def test_it_names_no_computer_user_or_folder(paused: Run, folder: Path) -> None:
    text = paused.environment_path.read_text()
    for name in (platform.node(), getpass.getuser(), str(folder), str(settings.PROJECT_DIR), str(paused.path)):
        assert name not in text


@pytest.mark.parametrize("change", ["added", "removed", "repainted"])
def test_data_that_changed_under_a_paused_run_are_refused_until_they_are_accepted(
    paused: Run, folder: Path, change: str
) -> None:
    before = paused.metrics_path.read_bytes()
    pictures(folder, range(40)) if change == "added" else (folder / "000.png").unlink()
    if change == "repainted":
        Image.new("L", (8, 8), 9).save(folder / "000.png")
    status = loop.train(paused)
    count = {"added": 40, "removed": 31, "repainted": 32}[change]
    assert status.state == "failed" and status.step == 3
    assert f"32 images then, {count} now" in status.error and "--accept-changed-data" in status.error
    assert paused.metrics_path.read_bytes() == before and environment.was_refused(paused)
    assert loop.train(paused).state == "failed"
    supervisor.resume(paused, accept_changed_data=True)
    assert loop.train(paused).state == "finished"
    (told,) = [event for event in paused.events() if event["type"] == "data_changed"]
    assert (told["step"], told["before"], told["now"]) == (3, 32, count)
    assert not environment.was_refused(paused)


def test_data_put_back_as_they_were_go_on_bit_exactly(paused: Run, folder: Path, runs_dir: Path) -> None:
    pictures(folder, range(40))
    assert loop.train(paused).state == "failed"
    for number in range(32, 40):
        (folder / f"{number:03d}.png").unlink()
    assert loop.train(paused).state == "finished"
    whole = runs.create(runs_dir, paused.config())
    loop.train(whole)
    assert outcome(whole) == outcome(paused)


def test_a_damaged_list_of_sessions_is_set_aside_with_a_word(paused: Run) -> None:
    paused.environment_path.write_bytes(b'{"sessions": [{"st')
    assert loop.train(paused).state == "finished"
    (told,) = [event for event in paused.events() if event["type"] == "environment_damaged"]
    assert (paused.path / told["kept_as"]).read_bytes() == b'{"sessions": [{"st'
    assert [entry.step for entry in environment.sessions(paused)] == [3]


def test_leave_to_change_the_data_counts_once(paused: Run, folder: Path) -> None:
    environment.allow_changed_data(paused)
    assert loop.train(paused, request=leaving(1)).state == "paused"
    pictures(folder, range(40))
    assert loop.train(paused).state == "failed"


def test_the_count_alone_betrays_changed_data_of_a_run_of_an_earlier_version(paused: Run, folder: Path) -> None:
    paused.environment_path.unlink()
    pictures(folder, range(33))
    assert "32 images then, 33 now; pictures were added" in loop.train(paused).error


def test_the_command_line_goes_on_with_changed_data_when_told_so(paused: Run, folder: Path, command) -> None:
    pictures(folder, range(40))
    status, _, err = command("resume", paused.id, "--runs-dir", paused.path.parent)
    assert status == 2 and "--accept-changed-data" in err
    status, out, err = command("resume", paused.id, "--accept-changed-data", "--runs-dir", paused.path.parent)
    assert status == 0 and "finished" in out, err


def test_a_branch_has_the_sessions_of_its_past(paused: Run, runs_dir: Path) -> None:
    child = branch(runs_dir, paused, 3, {"training.epochs": 6})
    assert environment.sessions(child) == environment.sessions(paused)


def test_the_sessions_until_the_sent_step_travel_with_a_run(paused: Run, tmp_path: Path) -> None:
    loop.train(paused, request=leaving(2))
    (tmp_path / "first").mkdir()
    portable.export(paused, tmp_path / "first", step=3)
    stored = json.loads((tmp_path / "first" / "environment.json").read_bytes())
    assert environment.read_sessions(stored) == environment.sessions(paused)[:1]


def test_only_the_sessions_whose_steps_were_kept_count() -> None:
    made = [
        Environment(step=0, seed=1),
        Environment(step=10, seed=2),
        Environment(step=5, seed=3),
        Environment(step=20, seed=4),
    ]
    assert [entry.seed for entry in environment.until(made, 30)] == [1, 3, 4]
    assert [entry.seed for entry in environment.until(made, 5)] == [1]
    assert [entry.seed for entry in environment.until(made[:1], 0)] == [1]


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {},
        "x",
        [1, None],
        [{"step": -1, "torch": ["x"], "seed": True, "threads": 1e9, "data": None, "more": {}}],
    ],
)
def test_what_is_no_session_is_left_out(stored: object) -> None:
    found = environment.read_sessions({"sessions": stored})
    assert found in ([], [Environment()])


def test_texts_of_unknown_origin_are_cut_and_cleaned() -> None:
    (found,) = environment.read_sessions({"sessions": [{"torch": "a\x00\ud800" + "b" * 999, "step": 3}]})
    assert found == Environment(step=3, torch="a  " + "b" * 117)
    assert environment.read_sessions({"sessions": [asdict(found)]}) == [found]


@pytest.mark.parametrize("packed", [False, True])
def test_the_commit_of_the_source_is_read_from_git(tmp_path: Path, packed: bool) -> None:
    assert environment.source_commit(tmp_path) == ""
    commit = "0123456789" * 4
    place = tmp_path / ".git" / "refs" / "heads"
    place.mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    assert environment.source_commit(tmp_path) == ""
    if packed:
        (tmp_path / ".git" / "packed-refs").write_text(f"# pack-refs\n{commit} refs/heads/main\n")
    else:
        (place / "main").write_text(f"{commit}\n")
    assert environment.source_commit(tmp_path) == commit


def test_a_deterministic_run_on_a_cpu_equals_one_that_is_not(runs_dir: Path) -> None:
    made = [runs.create(runs_dir, tiny(training__deterministic=on)) for on in (False, True)]
    for run in made:
        assert loop.train(run).state == "finished"
        assert torch.are_deterministic_algorithms_enabled() == run.config().training.deterministic
    assert outcome(made[0]) == outcome(made[1])
    assert environment.sessions(made[1])[0].deterministic
    torch.use_deterministic_algorithms(False)


def test_points_have_a_digest_too() -> None:
    assert len(datasets.prepare(DatasetConfig(name="ring8")).digest) == 64

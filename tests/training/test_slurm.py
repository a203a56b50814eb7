"""Runs as a cluster's jobs, with submitit's local executor: the same queue, commands and outcome as on this computer."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from helpers import TINY, eventually, outcome, tiny_run
from sweep_helpers import folder_of, small, worker

from gan_core.config import RunConfig, with_changes
from gan_core.config.settings import PLACES as NAMES
from gan_core.config.settings import PROJECT_DIR, Settings
from gan_core.experiments.sweeps.loop import AtPlace, work_at_once
from gan_core.experiments.sweeps.plan import listed
from gan_core.experiments.sweeps.table import rows_of
from gan_core.runs import Run, files
from gan_core.training import loop, places, queue, slurm, slurm_job, supervisor, trainers
from gan_core.training.slurm import SlurmTrainer
from gan_core.training.trainers import TrainingLost
from tests.training.test_supervisor import LONG, SHORT

CLUSTER = {"GANVAS_SLURM_CLUSTER": "local", "GANVAS_SLURM_GPUS": "0", "GANVAS_SLURM_JOBS": "2"}
JOB_S = 200.0  # a job imports torch first, on a machine that may be busy
MACHINE = {"devices": ["cpu"], "labels": ["CPU"], "threads": 1, "bf16_devices": []}


@pytest.fixture
def cluster(monkeypatch, shared_cache):
    """Settings of an installation whose jobs submitit starts on this computer."""
    for name, value in CLUSTER.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def settings(cluster, runs_dir, shared_cache):
    """The same with supervisors, which know already what the nodes can train on; their jobs are ended."""
    made = Settings(runs_dir, shared_cache, "slurm")
    known = {"asked": SlurmTrainer(runs_dir)._asked(), "machine": MACHINE}
    (runs_dir / slurm.FOLDER).mkdir(parents=True)
    files.write_json(runs_dir / slurm.FOLDER / "machine.json", known)
    supervisor.ensure_supervisors(made)
    supervisor.wait_until_ready(made)
    yield made
    for path in runs_dir.glob("mnist*"):
        if Run(path).status().state in ("queued", "running", "stopping"):
            supervisor.leave(Run(path), "stop")
            eventually(lambda path=path: not (path / ".job.json").exists(), f"{path.name} has left its job")


def state(run: Run, wanted: str) -> None:
    eventually(lambda: run.status().state == wanted, f"{run.id} {wanted}, but {run.status()}", JOB_S)


def steps(run: Run, more_than: int = 0) -> None:
    eventually(lambda: run.status().step > more_than, f"{run.id} beyond step {more_than}", JOB_S)


def job_of(run: Run) -> int:
    return int(files.read_json(run.job_path)["job"])


def test_the_places_of_the_settings_are_those_of_the_registry():
    assert tuple(places.PLACES) == NAMES
    with pytest.raises(ValueError, match=r"Unknown place 'cloud'\. Choose one of: process, thread, slurm."):
        places.PLACES.find("cloud")


@pytest.mark.slow
def test_a_job_says_what_the_nodes_can_train_on_once(cluster, runs_dir):
    found = SlurmTrainer(runs_dir).warm_up()
    assert found.devices[-1] == "cpu" and found.threads >= 1
    kept = files.read_json(runs_dir / slurm.FOLDER / "machine.json")
    files.write_json(runs_dir / slurm.FOLDER / "machine.json", {**kept, "machine": MACHINE})
    assert SlurmTrainer(runs_dir).warm_up().labels == ("CPU",)  # no second job
    assert stat.S_IMODE((runs_dir / slurm.FOLDER).stat().st_mode) == 0o700  # submitit reads pickles there


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_runs_train_at_once_as_jobs_and_equal_one_trained_here(settings, tmp_path):
    long, short, last = (supervisor.submit(settings, config) for config in (LONG, SHORT, SHORT))
    steps(long)
    assert long.status().owner != "" and job_of(long) != os.getpid()
    state(short, "finished")  # while the first trains
    state(last, "finished")  # in the place of the second: there are two
    direct = tiny_run(tmp_path / "direct")
    loop.train(direct)
    assert outcome(short) == outcome(last) == outcome(direct)
    assert long.status().state == "running"
    supervisor.leave(long, "pause")
    state(long, "paused")
    paused_at = long.status().step
    assert long.checkpoint_steps()[-1] == paused_at
    supervisor.resume(long)
    steps(long, paused_at)
    supervisor.leave(long, "stop")
    state(long, "stopped")
    eventually(lambda: not long.job_path.exists(), "its job is forgotten")


@pytest.mark.slow
def test_a_run_whose_time_is_up_continues_in_the_next_job(settings, tmp_path):
    changes = TINY | {"training.epochs": 60, "recording.checkpoint_every_steps": 50}
    run = supervisor.submit(settings, with_changes(RunConfig(), changes))
    steps(run, 20)
    os.kill(trainers.process_of(run), signal.SIGUSR2)  # as Slurm does before the time limit
    state(run, "finished")
    kinds = [event["type"] for event in run.events() if event["type"] != "checkpoint"]
    assert kinds == ["started", "requeued", "resumed", "finished"]
    direct = tiny_run(tmp_path / "direct", training__epochs=60, recording__checkpoint_every_steps=50)
    loop.train(direct)
    assert outcome(run)["metrics"] == outcome(direct)["metrics"]
    assert outcome(run)["tensors"] == outcome(direct)["tensors"]


@pytest.mark.slow
def test_a_job_that_is_killed_fails_its_run_with_the_cause_and_a_sound_checkpoint(settings):
    run = supervisor.submit(settings, with_changes(LONG, {"recording.checkpoint_every_steps": 10}))
    steps(run, 20)
    controller = psutil.Process(job_of(run))
    for process in (*controller.children(recursive=True), controller):
        process.kill()
    state(run, "failed")
    assert (
        run.status().error.startswith("Slurm's job ") and "Everything up to the last checkpoint" in run.status().error
    )
    before = run.checkpoint_steps()[-1]
    supervisor.resume(run)
    resumed = eventually(lambda: [e["step"] for e in run.events() if e["type"] == "resumed"], "it is resumed", JOB_S)
    assert resumed == [before]


def test_a_run_that_waits_in_slurm_can_be_stopped_and_deleted(cluster, runs_dir, monkeypatch):
    run, cancelled = tiny_run(runs_dir), []
    trainer = SlurmTrainer(runs_dir)
    monkeypatch.setattr(trainer, "_state", lambda job: ("PENDING", "Resources"))
    monkeypatch.setattr(trainer, "_cancel", cancelled.append)
    monkeypatch.setattr(slurm, "POLL_S", 0.01)
    trainer._tell_waiting(run, "7", "PENDING", "Resources")
    assert (run.status().state, run.status().phase) == ("queued", "Slurm: job 7 is waiting (Resources)")
    supervisor.leave(run, "stop")
    trainer._follow(run, "7", 0)
    assert run.status().state == "stopped" and cancelled == ["7"]
    assert trainer.holds(run) is False


def script(folder: Path, name: str, content: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{content}\n")
    (folder / name).chmod(0o755)


def test_slurms_own_words_say_why_it_refused(cluster, runs_dir, tmp_path, monkeypatch):
    script(tmp_path / "bin", "sbatch", "echo 'sbatch: error: invalid partition specified: gpus' >&2; exit 1")
    script(tmp_path / "bin", "srun", "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("GANVAS_SLURM_CLUSTER", "slurm")
    run = tiny_run(runs_dir)
    queue.enqueue(run)
    supervisor.train_to_end(run, SlurmTrainer(runs_dir))
    status = run.status()
    assert status.state == "failed"
    assert status.error.startswith("Slurm refused the job (invalid partition specified: gpus). Change the settings")


def test_what_is_missing_is_named(cluster, runs_dir, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("GANVAS_SLURM_CLUSTER", "slurm")
    with pytest.raises(TrainingLost, match="This computer has no sbatch and srun"):
        SlurmTrainer(runs_dir).warm_up()
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(TrainingLost, match=r"needs the package submitit\. Install it with: pip install submitit"):
        SlurmTrainer(runs_dir).warm_up()


def test_why_nothing_can_be_trained_reaches_who_waits(cluster, runs_dir, shared_cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "submitit", None)
    made = Settings(runs_dir, shared_cache, "slurm")
    runs_dir.mkdir()
    supervisor._note_trouble(made, "Slurm refused the job (down).")
    with pytest.raises(ValueError, match=r"Slurm refused the job \(down\)."):
        supervisor.submit(made, SHORT)
    supervisor._note_trouble(made, "")
    assert supervisor.machine(made) is None
    assert not list(runs_dir.glob(".machine-*"))


def test_a_node_that_does_not_see_the_run_says_so(runs_dir, tmp_path):
    with pytest.raises(ValueError, match=r"does not see the run's folder .*Keep runs in a folder that all computers"):
        slurm_job.train(str(tmp_path / "elsewhere"))


@pytest.mark.parametrize(
    ("state", "output", "said"),
    [
        ("TIMEOUT", "x", r"ended \(TIMEOUT\): its time limit was reached; raise GANVAS_SLURM_MINUTES\. Everything"),
        ("OUT_OF_MEMORY", "x", "its memory did not suffice; raise GANVAS_SLURM_MEMORY_GB"),
        (
            "FAILED",
            "Traceback\nValueError: bad luck.\nsrun: error: a: task 0: Exited with exit code 1",
            "bad luck. Every",
        ),
        ("FAILED", "submitit INFO x\nsrun: error: a: task 0: Killed", "a: task 0: Killed. Every"),
        ("FAILED", None, "its node left no output, and may not see the runs folder"),
    ],
)
def test_the_end_of_a_job_is_a_sentence_with_its_cause(cluster, runs_dir, state, output, said):
    if output is not None:
        (runs_dir / slurm.FOLDER / "12").mkdir(parents=True)
        (runs_dir / slurm.FOLDER / "12" / "12_0_log.err").write_text(output)
    run, trainer = tiny_run(runs_dir), SlurmTrainer(runs_dir)
    with pytest.raises(TrainingLost, match=said):
        trainer._ended(run, "12", 0, state)


def test_two_jobs_without_progress_end_the_run(cluster, runs_dir):
    run, trainer = tiny_run(runs_dir), SlurmTrainer(runs_dir)
    run.add_event("requeued", 0)
    trainer._ended(run, "1", 0, "COMPLETED")
    run.add_event("requeued", 0)
    with pytest.raises(TrainingLost, match="The time of two jobs ended at the same step"):
        trainer._ended(run, "2", 1, "COMPLETED")


def test_a_run_on_another_computer_is_left_to_it(runs_dir, monkeypatch):
    run = tiny_run(runs_dir)
    run.write_status(replace(run.status(), state="running", owner="node7:12", step=3))
    assert run.is_trained() and not run.is_locked()
    with pytest.raises(BlockingIOError, match="is being trained on another computer"):
        loop.train(run)
    assert supervisor._recover(run, waits=False) is False
    assert run.status().state == "running" and queue.queued_ids(runs_dir) == []
    data = json.loads((run.path / "status.json").read_text())
    files.write_json(run.path / "status.json", data | {"updated_at": data["updated_at"] - 60})
    eventually(lambda: queue.queued_ids(runs_dir) == [run.id], "recovered when its heartbeat stopped")


@pytest.mark.slow
def test_the_next_server_follows_a_job(settings):
    run = supervisor.submit(settings, LONG)
    steps(run)
    again = places.holder(run)
    assert again is not None and supervisor._recover(run, waits=False) is False
    assert queue.queued_ids(settings.runs_dir) == []
    supervisor.leave(run, "stop")
    state(run, "stopped")
    eventually(lambda: places.holder(run) is None, "no job has it")


@pytest.mark.slow
def test_the_command_line_trains_as_a_job_and_ctrl_c_pauses_it(runs_dir, shared_cache):
    environment = {**os.environ, **CLUSTER, "GANVAS_CACHE_DIR": str(shared_cache), "OMP_NUM_THREADS": "1"}
    settings = [f"--set={name}={value}" for name, value in TINY.items()]
    command = [sys.executable, "-m", "gan_core", "train", "mnist-dcgan", "--on", "slurm", f"--runs-dir={runs_dir}"]
    process = subprocess.Popen(
        [*command, *settings, "--set=training.epochs=500000"], cwd=PROJECT_DIR, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    run = eventually(lambda: next((Run(p) for p in runs_dir.glob("mnist*")), None), "the run is made")
    steps(run)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.startswith(f"{run.path}\n") and f"Go on with: python -m gan_core resume {run.id}" in out
    assert run.status().state == "paused" and run.checkpoint_steps()[-1] == run.status().step


@pytest.mark.slow
def test_a_sweep_gives_the_cluster_several_trials_at_once(cluster, runs_dir):
    folder = folder_of(runs_dir, small(listed("training.seed", [0, 1, 2])))
    kept = {"asked": SlurmTrainer(runs_dir)._asked(), "machine": MACHINE}
    (runs_dir / slurm.FOLDER).mkdir(parents=True)
    files.write_json(runs_dir / slurm.FOLDER / "machine.json", kept)
    trainer, jobs, most = SlurmTrainer(runs_dir), set(), []
    train = trainer.train

    def counted(run: Run) -> None:
        jobs.add(run.id)
        most.append(len(jobs))
        train(run)
        jobs.remove(run.id)

    trainer.train = counted
    work_at_once([worker(folder, runner=AtPlace(runs_dir, trainer)) for _ in range(trainer.at_once)])
    rows = rows_of(folder.study())
    assert [row.state for row in rows] == ["done"] * 3 and len({row.run_id for row in rows}) == 3
    assert max(most) == 2 and not jobs

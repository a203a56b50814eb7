"""The command line as people run it: processes, Ctrl-C, a stop from another terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from helpers import eventually, outcome

from gan_core import runs
from gan_core.config.settings import PROJECT_DIR
from gan_core.presets import PRESETS
from gan_core.training import loop
from tests.cli.test_main import SETTINGS

pytestmark = pytest.mark.slow
FOREVER = [*SETTINGS, "--set", "training.epochs=500000", "--set", "recording.checkpoint_every_steps=1000"]


def start(*arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "gan_core", *arguments],
        cwd=PROJECT_DIR,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def training_run(runs_dir):
    """The only run of the folder, once it trains."""
    run = eventually(lambda: next(iter(runs.list_runs(runs_dir)), None), "a run appears")
    eventually(lambda: run.status().step > 5, "it trains")
    return run


def test_ctrl_c_pauses_and_resume_goes_on_bit_exactly(runs_dir, tmp_path):
    process = start("train", "mnist-dcgan", *FOREVER)
    run = training_run(runs_dir)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    status = run.status()
    assert (process.returncode, status.state) == (0, "paused") and "Traceback" not in err
    assert out.splitlines()[0] == str(run.path)
    assert f"python -m gan_core resume {run.id} --runs-dir {runs_dir}" in out
    assert run.checkpoint_steps()[-1] == status.step

    (run.path / "config.json").write_text(
        run.config().to_json().replace('"max_steps": 0', f'"max_steps": {status.step + 10}')
    )
    resumed = start("resume", run.id)
    out, _ = resumed.communicate(timeout=60)
    assert resumed.returncode == 0 and f"finished at step {status.step + 10}" in out
    other = runs.create(tmp_path / "other", run.config())
    loop.train(other)
    assert outcome(run) == outcome(other)


def test_stop_from_another_terminal_ends_a_training(runs_dir):
    process = start("train", "mnist-dcgan", *FOREVER, "--name", "mine")
    run = training_run(runs_dir)
    stop = start("stop", "mine")
    out, _ = stop.communicate(timeout=60)
    assert stop.returncode == 0 and "mine: stopped at step" in out
    assert process.wait(60) == 0
    assert run.checkpoint_steps()[-1] == run.status().step


def test_a_refusal_is_one_sentence_on_standard_error_and_status_2(runs_dir):
    process = start("train", "nothing")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err == f"Error: Unknown preset 'nothing'. Choose one of: {', '.join(PRESETS)}.\n"


def test_help_lists_the_commands():
    out, _ = start("--help").communicate(timeout=60)
    assert all(name in out for name in ("presets", "datasets", "train", "resume", "stop", "runs", "sample"))

"""Runs as jobs of Slurm, through submitit. The run's folder is the contract: a job reads commands there and writes everything there.

`.slurm/JOB/` in the runs folder holds a job's script and its output, `.job.json` in a run's folder the job that has it. The
state of a run comes from its own status; Slurm is asked only what became of a job that the run does not tell.
"""

from __future__ import annotations

import contextlib
import logging
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from gan_core.config import settings
from gan_core.config.devices import Machine
from gan_core.config.settings import PROJECT_DIR
from gan_core.processes.process import TOKENS, last_text
from gan_core.runs import Run, files
from gan_core.runs.status import ALIVE_STATES, RESUMABLE_STATES
from gan_core.training import slurm_job
from gan_core.training.trainers import ADVICE, POLL_S, StopTimeout, TrainingLost, Unanswered, how_left

FOLDER = ".slurm"
ASK_S = {"slurm": 15.0, "local": 0.5}  # between two questions about one job
NOTICES_AFTER_S = 150.0  # a shared disk may show a command only after a minute
UNKNOWN_FOR_S = 300.0
KEPT_FOR_S = 7 * 86400.0  # the files of jobs that failed
WARN_S = 120  # before the time limit: to write a checkpoint
OVER = {
    "TIMEOUT": "its time limit was reached; raise GANVAS_SLURM_MINUTES",
    "OUT_OF_MEMORY": "its memory did not suffice; raise GANVAS_SLURM_MEMORY_GB, or choose a smaller batch size",
    "CANCELLED": "it was cancelled",
    "NODE_FAIL": "its node failed",
    "BOOT_FAIL": "its node did not start",
    "PREEMPTED": "it had to make room for another job",
    "DEADLINE": "its deadline passed",
    "FAILED": "",
    "COMPLETED": "",
    "REVOKED": "",
}
"""State of a job that is over -> why, where the state says so."""


class SlurmTrainer:
    """Trains runs as jobs of a cluster; see `Trainer`.

    Args:
        runs_dir: the folder of runs, which all nodes must see.
    """

    def __init__(self, runs_dir: Path) -> None:
        self._folder = runs_dir / FOLDER
        self._cluster = settings.text("GANVAS_SLURM_CLUSTER")
        self._machine: Machine | None = None
        self.at_once = settings.count("GANVAS_SLURM_JOBS")

    def train(self, run: Run) -> None:
        """See `Trainer`. A run that a job has already is followed to its end.

        Raises:
            TrainingLost: Slurm refused the job or ended it; the message says why.
        """
        if not self.holds(run):
            device = run.config().training.device
            gpus = max(run.control().processes, int(device.partition(":")[2] or 0) + 1) if "cuda" in device else 0
            since = len(run.events())
            job = self._submit(run.id, gpus, slurm_job.train, str(run.path))
            files.write_json(run.job_path, {"job": job, "cluster": self._cluster, "events": since})
        record = files.read_json(run.job_path)
        try:
            self._follow(run, str(record["job"]), int(record["events"]))
        finally:
            if files.read_json(run.job_path) == record:  # else it was resumed, and another job has it
                run.job_path.unlink(missing_ok=True)

    def warm_up(self) -> Machine:
        """Returns what the nodes can train on: a job looks, once for each combination of settings.

        Raises:
            ValueError: Slurm refused the job or ended it.
        """
        if self._machine is None:
            kept, asked = self._folder / "machine.json", self._asked()
            known = files.read_json(kept)
            if known.get("asked") != asked:
                known = {"asked": asked, "machine": self._looked(int(asked["GANVAS_SLURM_GPUS"]))}
                files.write_json(kept, known)
            self._machine = Machine.from_dict(known["machine"])
        return self._machine

    def holds(self, run: Run) -> bool:
        """Whether a job of the cluster has the run: it waits there, or is trained."""
        record = files.read_json(run.job_path)
        if not re.fullmatch(r"[0-9]{1,12}", str(record.get("job")), re.ASCII) or record.get("cluster") != self._cluster:
            return False
        if not files.is_number(record.get("events")) or how_left(run, int(record["events"])):
            return False
        return self._state(str(record["job"]))[0] not in OVER or run.is_trained()

    def _asked(self) -> dict[str, str]:
        names = ("PARTITION", "ACCOUNT", "GPUS", "CPUS", "CLUSTER")
        return {name: settings.text(name) for name in (f"GANVAS_SLURM_{part}" for part in names)}

    def _looked(self, gpus: int) -> dict[str, Any]:
        answer = self._folder / f"{files.TEMPORARY}machine-{time.time_ns()}.json"
        job = self._submit("look", gpus, slurm_job.look, str(answer))
        while self._state(job)[0] not in OVER and not answer.exists():
            time.sleep(ASK_S[self._cluster] / 5)
        found = files.read_json(answer)
        if not found:
            raise ValueError(self._end_of(job, self._state(job)[0]))
        answer.unlink()
        self._forget(job)
        return found

    def _submit(self, name: str, gpus: int, function: Callable[[str], None], argument: str) -> str:
        """Submits a job; returns its number.

        Raises:
            TrainingLost: submitit or Slurm's commands are missing, or Slurm refuses.
        """
        try:
            import submitit
        except ImportError:
            raise TrainingLost(
                "Training on Slurm needs the package submitit. Install it with: pip install submitit"
            ) from None
        if self._cluster == "slurm" and not all(map(shutil.which, ("sbatch", "srun"))):
            raise TrainingLost(
                "This computer has no sbatch and srun, with which jobs are handed to Slurm. Start Ganvas on a computer of the cluster that "
                "has, or set GANVAS_PLACE to process."
            )
        logging.getLogger("submitit").setLevel(logging.ERROR)
        minutes = settings.count("GANVAS_SLURM_MINUTES")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            executor = submitit.AutoExecutor(folder=self._folder / "%j", cluster=self._cluster)
            executor.update_parameters(
                name=f"ganvas-{name}"[:60], timeout_min=minutes, nodes=1, tasks_per_node=1,
                mem_gb=settings.count("GANVAS_SLURM_MEMORY_GB"), cpus_per_task=settings.count("GANVAS_SLURM_CPUS"),
                slurm_setup=[f"unset {' '.join(TOKENS)}", f"cd {shlex.quote(str(PROJECT_DIR))}"],
                slurm_signal_delay_s=min(WARN_S, minutes * 20),
                **({"gpus_per_node": gpus} if gpus else {}),
                **_named(slurm_partition="GANVAS_SLURM_PARTITION", slurm_account="GANVAS_SLURM_ACCOUNT"),
            )  # fmt: skip
            return str(executor.submit(function, argument).job_id)
        except (RuntimeError, OSError) as failure:  # submitit's errors of submission are RuntimeErrors
            words = " ".join(re.sub(r"sbatch:\s*error:", "", str(failure)).split()) or type(failure).__name__
            raise TrainingLost(
                f"Slurm refused the job ({words:.300}). Change the settings GANVAS_SLURM_...; `ganvas settings` lists them."
            ) from failure

    def _follow(self, run: Run, job: str, since: int) -> None:
        """Waits until the run has ended, or its job has; `since` as many events were there when that was submitted."""
        timeout, every = StopTimeout(run, NOTICES_AFTER_S), ASK_S[self._cluster]
        ask_at, known_at = time.monotonic(), time.monotonic()
        while True:
            status = run.status()
            if not run.path.is_dir() or status.state in ("finished", *RESUMABLE_STATES[:-1]):
                self._leave(run, job)
                return
            if timeout.is_over():
                self._cancel(job)
                raise Unanswered
            if time.monotonic() >= ask_at:
                ask_at = time.monotonic() + every
                state, why = self._state(job)
                known_at = time.monotonic() if state != "UNKNOWN" or status.state in ALIVE_STATES else known_at
                if state in OVER or time.monotonic() - known_at > UNKNOWN_FOR_S:
                    self._ended(run, job, since, state)
                    return
                if status.state == "queued" and how_left(run, since):  # it was resumed meanwhile, or its time was up
                    self._check_progress(run)
                    return
                self._tell_waiting(run, job, state, why)
            time.sleep(min(POLL_S, every))

    def _leave(self, run: Run, job: str) -> None:
        """The run has ended: so does its job, which may not have begun."""
        if not run.is_trained() and self._state(job)[0] == "PENDING":
            self._cancel(job)
        if run.status().state != "failed":
            self._forget(job)

    def _ended(self, run: Run, job: str, since: int, state: str) -> None:
        """The job is over, and the run perhaps not.

        Raises:
            TrainingLost: the run has not ended; nor has it gone on since the job before.
        """
        while run.is_trained():  # the last heartbeat of a node that was lost
            time.sleep(POLL_S)
        left = how_left(run, since)
        if not left or (left == "requeued" and state == "CANCELLED"):
            raise TrainingLost(self._end_of(job, state))
        self._check_progress(run)
        self._forget(job)

    def _check_progress(self, run: Run) -> None:
        """Raises TrainingLost if the time of two jobs ended at the same step."""
        left = [event["step"] for event in run.events() if event["type"] == "requeued"]
        if len(left) > 1 and left[-2] >= left[-1] == run.status().step:
            raise TrainingLost("The time of two jobs ended at the same step. Raise GANVAS_SLURM_MINUTES.")

    def _end_of(self, job: str, state: str) -> str:
        """How a job ended that should not have, as a sentence."""
        why, words = OVER.get(state, "Slurm does not know it any more"), self._last_words(job)
        if words is None:
            why = (
                why
                or "its node left no output, and may not see the runs folder; keep runs in a folder that all computers share"
            )
        return f"Slurm's job {job} ended ({state}): {why or words or 'it said nothing'}. {ADVICE}"

    def _last_words(self, job: str) -> str | None:
        """The last line that it wrote of errors, srun's own words where there is no other; None if it has no output at all."""
        logs = sorted((self._folder / job).glob(f"{job}_*_log.err"))
        if not logs:
            return None
        lines = [line.strip() for path in logs for line in last_text(path).splitlines()]
        lines = [line for line in lines if line and not line.startswith("submitit ")]
        said = [line for line in lines if not line.startswith("srun: ")] or lines
        return re.sub(r"^\w+Error: ", "", said[-1])[:300].rstrip(".") if said else ""

    def _tell_waiting(self, run: Run, job: str, state: str, why: str) -> None:
        """Shows in the status of a run that its job waits in Slurm's own queue, or starts."""
        waits = f"Slurm: job {job} is waiting{f' ({why})' if why else ''}"
        words = waits if state == "PENDING" else f"Slurm: job {job} is starting"
        with contextlib.suppress(OSError), run.lock(timeout_s=0.0):
            if (status := run.status()).state == "queued" and status.phase != words:
                run.write_status(replace(status, phase=words))

    def _state(self, job: str) -> tuple[str, str]:
        """A job's state, and why it waits; "UNKNOWN" where Slurm does not say."""
        if self._cluster == "local":
            return ("RUNNING" if _runs(int(job)) else "COMPLETED"), ""
        words = _answer("scontrol", "show", "job", "--oneliner", job)
        fields: dict[str, str] = dict(re.findall(r"(\w+)=(\S*)", words))
        if state := fields.get("JobState"):
            return state, fields.get("Reason", "").removeprefix("None")
        try:
            from submitit.slurm.slurm import SlurmJob  # Slurm forgets a job soon, its accounting does not
        except ImportError:
            return "UNKNOWN", ""
        return str(SlurmJob.watcher.get_state(job, mode="force")).partition(" ")[0], ""

    def _cancel(self, job: str) -> None:
        if self._cluster == "slurm":
            _answer("scancel", job)
        else:
            with contextlib.suppress(psutil.Error):
                controller = psutil.Process(int(job))
                for process in (*controller.children(recursive=True), controller):
                    process.kill()

    def _forget(self, job: str) -> None:
        """Removes the files of a job that did what it should, once it is over; and old ones."""
        if self._state(job)[0] in OVER:
            shutil.rmtree(self._folder / job, ignore_errors=True)
        for folder in self._folder.glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if time.time() - folder.stat().st_mtime > KEPT_FOR_S:
                    shutil.rmtree(folder, ignore_errors=True)


def _named(**parameters: str) -> dict[str, str]:
    """Parameter -> the value of its setting, where that is given."""
    return {name: value for name, setting in parameters.items() if (value := settings.text(setting))}


def _answer(*command: str) -> str:
    """What one of Slurm's commands prints; "" if it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False

"""The training loop: the only one, for every model, in a worker process, a thread or the command line.

`train` takes a run directory from whatever state it is in to finished, paused, stopped or failed. It alone calls
backward and step. Metrics stay tensors until `Recorder.flush`, so a GPU is never made to wait for a log line.
"""

from __future__ import annotations

import contextlib
import os
import time
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment

from gan_core import datasets
from gan_core.config import RunConfig, live_changes
from gan_core.config.reasons import reason
from gan_core.datasets.base import Dataset
from gan_core.figures import imaging
from gan_core.models.base import GenerativeModel, Metrics, TrainingProgress, Update
from gan_core.models.building import build, sample_latents
from gan_core.models.kinds import kind_of
from gan_core.processes import shards
from gan_core.runs import Run, Status, checkpoints, environment, files, recovery
from gan_core.runs.heartbeat import Heartbeat
from gan_core.runs.run import are_labels
from gan_core.runs.sampler import picture_of
from gan_core.training import together
from gan_core.training.live_score import LiveScore
from gan_core.training.memory_probe import MemoryProbe
from gan_core.training.plan import check, check_data, total_steps
from gan_core.training.recorder import Recorder
from gan_core.training.step import TrainingFailed, apply_updates, skip_on_device

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # before CUDA starts: `training.deterministic` needs it
# Fabric has torch count GPUs through NVML, so that processes may fork; none do here. Every step of torch's optimisers
# counts them, and where none is in use opened that library each time: a tenth of a small network's step.
os.environ.pop("PYTORCH_NVML_BASED_CUDA_CHECK", None)
PRECISIONS = {"fp32": "32-true", "bf16": "bf16-mixed"}

Observer = Callable[[Status], None]
Request = Callable[[], str | None]


def train(run: Run, observer: Observer | None = None, request: Request | None = None) -> Status:
    """Trains a run from its newest checkpoint, or from scratch, until it is finished, paused or stopped.

    Args:
        run: its directory; config.json is all that must be in it.
        observer: called with the status about twice a second.
        request: called before every step; may return "pause" or "stop", with the effect of that command in control.json, or
            "requeue", which leaves the run queued for another process to continue.

    Returns:
        The last status. A failure is a status too (state "failed", with its sentence); it is not raised.

    Raises:
        BlockingIOError: another process trains this run.
    """
    with run.lock(), files.Reserve(run.reserve_path) as reserve:
        heartbeat = Heartbeat(run, run.status(), observer)
        try:
            with heartbeat:
                state, error = _Session(run, heartbeat, request or (lambda: None)).run(), ""
        except Exception as failure:
            state, error = "failed", _sentence(failure)
            reserve.release()
            heartbeat.end(state, error)  # first of all: others may take the room that was freed
            with contextlib.suppress(OSError), run.log_path.open("a", encoding="utf-8") as log:
                log.write(traceback.format_exc())
            with contextlib.suppress(OSError):
                run.add_event("failed", heartbeat.status.step, error=error)
        else:
            heartbeat.end(state)
    return heartbeat.status


class _Session:
    """One stretch of training, from start or resume to its end."""

    def __init__(self, run: Run, heartbeat: Heartbeat, request: Request) -> None:
        self.run_dir = run
        self.heartbeat = heartbeat
        self.request = request
        self.config = run.config()
        self._stamp = (-1, -1)
        self._last_checkpoint_s = time.monotonic()

    def run(self) -> str:
        """Returns the state in which it ends: finished, paused, stopped or queued."""
        self._prepare()
        step, leave = self.start_step, ""
        while step < self.total_steps:
            leave = self._apply_control(step)
            together.lead(self.model, leave=bool(leave))
            if leave:
                self.heartbeat.update(state="stopping")
                break
            images, labels = self.batches.batch(step)
            try:
                metrics = train_step(self.fabric, self.model, images, labels, TrainingProgress(step, self.total_steps))
            except TrainingFailed:
                self.recorder.flush()  # the steps before
                raise
            step += 1
            if self.config.recording.probe_every_steps and step % self.config.recording.probe_every_steps == 0:
                with shards.alone():
                    metrics |= self.model.probe() | self.memory.metrics(self.model)
            metrics |= self.live_score.metrics(step, self.model)
            self.recorder.add(step, metrics)
            self._save_if_due(step, last=step == self.total_steps)
        self._save_sample(step)
        self._save_checkpoint(step)
        self.recorder.close()
        state = {"pause": "paused", "stop": "stopped", "requeue": "queued"}.get(leave, "finished")
        self.run_dir.add_event("requeued" if leave == "requeue" else state, step)
        return state

    # before the first step

    def _prepare(self) -> None:
        config, run, heartbeat = self.config, self.run_dir, self.heartbeat
        run.sweep()
        heartbeat.update(state="running", phase="Preparing the images", error="", device=config.training.device)
        check(config)

        def progress(done: int, total: int) -> None:
            heartbeat.update(phase=f"Preparing the images: {done:,} of {total:,}")

        dataset = datasets.prepare(config.dataset, progress).with_labels(config.conditioning.labels)
        environment.check_data(run, dataset)
        check_data(config, len(dataset))
        if dataset.num_skipped:
            run.add_event("skipped_pictures", 0, count=dataset.num_skipped, files=dataset.skipped[:20])
        heartbeat.update(phase="Building the networks")
        torch.set_num_threads(config.training.threads or torch.get_num_threads())
        self.fabric = make_fabric(config)
        self.model = build(config, self.fabric.device)
        self.memory = MemoryProbe(config, dataset, self.fabric.device)
        if self.memory.missing:
            run.add_event("memory_not_measured", run.status().step, why=self.memory.missing)
        self.batches = together.own_batches(config, dataset, self.fabric.device)
        self.total_steps = total_steps(config, len(dataset))
        self.z = sample_latents(config, config.recording.num_samples).to(self.fabric.device)
        self.labels = self._pinned_labels(dataset).to(self.fabric.device)
        self.start_step, seconds = self._restore()
        damaged, kept = files.cut_log(run.metrics_path, self.start_step)
        if damaged:
            run.add_event("damaged_lines", self.start_step, count=damaged, file=run.metrics_path.name, kept=kept)
        steps_per_epoch = self.batches.steps_per_epoch
        self.live_score = LiveScore(run, config, steps_per_epoch, self.start_step, self.fabric.device)
        self.recorder = Recorder(run, heartbeat, self.batches, seconds)
        self._replay = [e for e in run.events() if e["type"] == "override" and e["step"] >= self.start_step]
        answered = [e for e in run.events() if e["type"] in ("override", "override_refused")]
        self._last_sequence = max((e.get("sequence", 0) for e in answered), default=0)
        shards.told(together.Beginning(str(run.path.absolute()), self.start_step, dataset.digest))
        shards.agree("")
        run.use_processes(shards.count())
        set_up(self.fabric, self.model)
        if self.start_step == 0:
            self._save_checkpoint(0)  # before the first log line, so that a kill at any step has a place to return to
            self._save_sample(0)
        heartbeat.update(
            phase="", step=self.start_step, total_steps=self.total_steps, num_images=len(dataset),
            steps_per_epoch=steps_per_epoch, images_seen=self.batches.images_seen(self.start_step),
            epoch=self.start_step // steps_per_epoch, skipped=dataset.num_skipped,
        )  # fmt: skip
        environment.begin(run, environment.session(config, dataset, self.start_step))
        run.add_event("started" if self.start_step == 0 else "resumed", self.start_step)

    def _pinned_labels(self, dataset: Dataset) -> torch.Tensor:
        """The labels of the sample grid (num_samples, L): those of a sample of the data set's images, kept with the run.

        Chosen anew where those that are kept do not fit: a branch may have another number of samples.
        """
        count = self.config.recording.num_samples
        if not dataset.label_names:
            return torch.zeros(count, 0)
        kept = self.run_dir.pinned_labels()
        if not are_labels(kept, count, len(dataset.label_names)):
            kept = np.resize(dataset.labels[dataset.order[:count]], (count, dataset.labels.shape[1])).tolist()
            self.run_dir.pin_labels(kept)
        return torch.tensor(kept, dtype=torch.float32).reshape(count, -1)

    def _restore(self) -> tuple[int, float]:
        """Loads the newest intact checkpoint; damaged newer ones are set aside.

        Returns:
            Its step and the seconds trained until then; (0, 0) for a run that was not trained yet.

        Raises:
            ValueError: no checkpoint of a run that was trained can be verified; it is not changed.
        """
        run, refused = self.run_dir, dict[int, str]()
        found, seconds = 0, 0.0
        for step in reversed(run.checkpoint_steps()):
            try:
                found, seconds = step, float(checkpoints.load(run, step, self.model)["seconds"])
                break
            except ValueError as damage:
                refused[step] = str(damage)
                self.model = build(self.config, self.fabric.device)
        else:
            if refused or run.metrics():
                raise ValueError(recovery.refusal(run, refused))
        if refused:
            kept = recovery.set_aside(run, refused)
            for step, why in sorted(refused.items()):
                run.add_event("checkpoint_refused", step, error=f"{why} It was moved to {kept}.")
        return found, seconds

    # between steps

    def _apply_control(self, step: int) -> str:
        """Applies live changes; returns "pause", "stop" or "requeue" if one was requested, else ""."""
        while self._replay and self._replay[0]["step"] <= step:  # made after the checkpoint that was resumed from
            self._set_live(live_changes(self.config, self._replay.pop(0).get("changes", {})))
        stamp = self.run_dir.control_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            self._control = self.run_dir.control()
        if (
            self._control.sequence > self._last_sequence and not self._replay
        ):  # else the replay would undo what is newer
            self._apply_overrides(step)
        command = self._control.command
        return command if command in ("pause", "stop") else self.request() or ""

    def _apply_overrides(self, step: int) -> None:
        changes = {k: v for k, v in self._control.overrides.items() if v != self._live_value(k)}
        self._last_sequence = self._control.sequence
        try:
            changes = live_changes(self.config, changes)
            absent = [name for name in changes if self._live_value(name) is None]
            if absent:
                raise ValueError(f"'{absent[0]}' cannot be changed: this model has no such optimiser.")
        except ValueError as refusal:
            self.run_dir.add_event("override_refused", step, error=str(refusal), sequence=self._last_sequence)
            return
        before = {name: self._live_value(name) for name in changes}
        self._set_live(changes)
        self.run_dir.add_event("override", step, changes=changes, before=before, sequence=self._last_sequence)

    def _live_groups(self, name: str) -> list[dict[str, Any]]:
        """The groups of weights that a learning rate, by its dotted name, is the rate of."""
        part = kind_of(self.config).optimizer_of(name)
        return [] if part is None else self.model.optimizers[part.name].param_groups

    def _live_value(self, name: str) -> float | None:
        groups = self._live_groups(name)
        return float(groups[0]["lr"]) if groups else None

    def _set_live(self, changes: dict[str, float]) -> None:
        for name, value in changes.items():
            for group in self._live_groups(name):
                group["lr"] = value

    def _save_if_due(self, step: int, *, last: bool) -> None:
        """Flushes, draws samples and writes checkpoints when they are due."""
        recording = self.config.recording
        if last:
            return  # `run` does it all once more after the loop
        if step % (recording.sample_every_steps or self.total_steps) == 0:
            self._save_sample(step)
        due = step % (recording.checkpoint_every_steps or self.total_steps) == 0
        if due or time.monotonic() - self._last_checkpoint_s > recording.checkpoint_every_s:
            self._save_checkpoint(step)
        self.recorder.flush_if_due()

    def _save_sample(self, step: int) -> None:
        self.recorder.flush()  # raises before a state that is not finite is drawn
        self.run_dir.save_sample(step, imaging.png_bytes(picture_of(self.model.sample(self.z, self.labels))))

    def _save_checkpoint(self, step: int) -> None:
        self.recorder.flush()  # or written
        self._last_checkpoint_s = time.monotonic()
        if step in self.run_dir.checkpoint_steps():
            return
        keep = self.config.recording.keep_checkpoints
        checkpoints.save(self.run_dir, step, self.model, {"seconds": self.recorder.seconds()}, keep)
        self.run_dir.add_event("checkpoint", step)


def set_up(fabric: Fabric, model: GenerativeModel) -> None:
    """Wraps a freshly built model's networks and optimisers with Fabric."""
    shards.share_batch_norm(model.networks.values())
    for name, network in model.networks.items():
        model.networks[name] = fabric.setup_module(network, move_to_device=False)
    if fabric.device.type != "cpu":
        skip_on_device(model.optimizers.values(), fabric.device)
    for name, optimizer in model.optimizers.items():
        model.optimizers[name] = fabric.setup_optimizers(optimizer)  # type: ignore[assignment]


def train_step(
    fabric: Fabric, model: GenerativeModel, images: torch.Tensor, labels: torch.Tensor, progress: TrainingProgress
) -> Metrics:
    """Makes one training step, with Fabric's backward pass, together with the other processes where there are any.

    Returns its metrics, with the length of every gradient.
    """

    def backward(update: Update) -> None:
        if not shards.is_shared():
            fabric.backward(update.loss)
            return
        fabric.backward(update.loss * shards.weight())
        shards.summed_gradients(p for group in model.optimizers[update.optimizer].param_groups for p in group["params"])

    updates = apply_updates(model, images, labels, progress, backward)
    while True:
        try:
            next(updates)
        except StopIteration as done:
            return shards.averaged(done.value)


def make_fabric(config: RunConfig) -> Fabric:
    """Lightning Fabric for the run's device, or this process's, and precision."""
    kind, _, index = shards.own_device(config.training.device).partition(":")
    exact = config.training.deterministic
    torch.use_deterministic_algorithms(exact)
    torch.backends.cudnn.deterministic = exact
    torch.backends.cudnn.benchmark = (
        kind == "cuda" and not exact
    )  # shapes stay the same: the search for fast kernels pays
    return Fabric(
        accelerator=kind,
        devices=[int(index)] if index else 1,
        precision=PRECISIONS[config.training.precision],  # type: ignore[arg-type]
        plugins=[
            LightningEnvironment()
        ],  # one process of one device: what a cluster or torchrun says is `shards`' business
    )


def _sentence(failure: Exception) -> str:
    """A failure as one sentence for people; the traceback is in the run's log."""
    if isinstance(failure, RuntimeError) and "use_deterministic_algorithms" in str(failure):
        return f"An operation of this model is not deterministic: set training.deterministic to false ({failure})."
    if shards.is_lost(failure):
        return (
            f"One of the {shards.count()} processes of this training has ended, or cannot be reached. torchrun's output says why; "
            "resume the run, which continues from its newest checkpoint."
        )
    if found := reason(failure):
        return found.replace("then continue", "then resume")
    if isinstance(failure, ValueError | OSError):
        return str(failure)
    return f"An error inside the program stopped the run ({type(failure).__name__}: {failure}). See log.txt in the run's folder."

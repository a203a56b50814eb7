"""The loop: what it leaves in the run directory, how it obeys, and how it fails."""

from __future__ import annotations

import errno
import json
import math
import re
import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers import MACHINE, eventually, outcome, tiny_run
from PIL import Image

from gan_core.config import RunConfig, with_changes
from gan_core.figures import imaging
from gan_core.models.objectives import OBJECTIVES, LossParts, Objective
from gan_core.models.penalties import PENALTIES
from gan_core.runs import Run, checkpoints, environment, recovery
from gan_core.runs.metrics import MetricsTail
from gan_core.runs.sampler import open_sampler
from gan_core.training import loop, plan
from tests.training.test_resume import leave_at


def event_types(run: Run) -> list[str]:
    return [event["type"] for event in run.events()]


def test_a_finished_run_has_every_file_of_the_contract(runs_dir):
    run = tiny_run(runs_dir)
    status = loop.train(run)
    assert (status.state, status.step, status.total_steps, status.error) == ("finished", 20, 20, "")
    assert (status.epoch, status.images_seen, status.num_images, status.steps_per_epoch) == (5, 300, 60, 4)
    names = {p.name for p in run.path.iterdir() if not p.name.startswith(".")}
    assert names == {
        *("config.json", "about.json", "status.json", "control.json", "manifest.json"),
        *("metrics.jsonl", "events.jsonl", "samples", "checkpoints", "environment.json"),
    }
    assert run.sample_steps() == [0, 5, 10, 15, 20]
    assert run.checkpoint_steps() == [0, 5, 10, 15, 20]
    assert event_types(run) == ["checkpoint", "started", *["checkpoint"] * 4, "finished"]
    assert Image.open(run.sample_path(20)).size == (2 + 2 * 10, 2 + 2 * 10)  # four images of 8 px


def test_max_steps_ends_a_run_within_an_epoch(runs_dir):
    assert loop.train(tiny_run(runs_dir, training__max_steps=7)).step == 7


def test_a_finished_run_trained_again_stays_as_it_is(runs_dir):
    run = tiny_run(runs_dir)
    loop.train(run)
    before = outcome(run)
    assert loop.train(run).state == "finished"
    assert outcome(run) == before


def test_a_pause_on_disk_is_obeyed_and_lifted_by_run(runs_dir):
    run = tiny_run(runs_dir)
    run.command("pause")
    assert loop.train(run).state == "paused"
    run.command("run")
    assert loop.train(run).state == "finished"
    assert "paused" in event_types(run) and "resumed" not in event_types(run)  # it had not begun


def test_a_run_obeys_a_pause_while_it_trains(runs_dir):
    run = tiny_run(runs_dir, training__epochs=100_000)
    thread = threading.Thread(target=loop.train, args=(run,))
    thread.start()
    eventually(lambda: run.status().step > 2, "some steps")
    run.command("pause")
    thread.join(30)
    status = run.status()
    assert status.state == "paused"
    assert run.checkpoint_steps()[-1] == status.step == len(run.metrics_path.read_text().splitlines())


@pytest.mark.slow  # it waits for the lock as long as a trainer does
def test_a_run_is_trained_by_one_at_a_time(runs_dir):
    run = tiny_run(runs_dir)
    with run.lock(), pytest.raises(BlockingIOError, match="being trained by another process"):
        loop.train(run)


def test_the_observer_sees_states_and_steps_in_order(runs_dir):
    seen = []
    loop.train(tiny_run(runs_dir), observer=seen.append)
    assert seen[0].state == "running" and seen[-1].state == "finished"
    assert [s.step for s in seen] == sorted(s.step for s in seen)
    assert {"Preparing the images", "Building the networks"} <= {s.phase for s in seen}


def test_training_in_bf16_works_and_keeps_its_weights_in_fp32(runs_dir):
    run = tiny_run(runs_dir, training__precision="bf16")
    assert loop.train(run).state == "finished"
    model = loop.build(run.config(), "cpu")
    checkpoints.load(run, 20, model)
    assert {p.dtype for p in model.networks["generator"].parameters()} == {torch.float32}


@pytest.mark.parametrize("name", [name for name in PENALTIES if name != "none"])
def test_every_penalty_is_trained_in_bf16_as_well(runs_dir, name):
    run = tiny_run(runs_dir, training__precision="bf16", penalty__name=name, network__discriminator_norm="none")
    assert loop.train(run).state == "finished"
    assert all(line["loss/penalty"] >= 0 for line in run.metrics())


def test_a_refused_live_change_is_answered_once_and_changes_nothing(runs_dir):
    run, plain = tiny_run(runs_dir), tiny_run(runs_dir)
    loop.train(plain)
    run.override({"training.epochs": 2.0})
    loop.train(run, request=leave_at(run, 3, "stop"))
    loop.train(run)
    refused = [e for e in run.events() if e["type"] == "override_refused"]
    assert len(refused) == 1 and "cannot be changed during training" in refused[0]["error"]
    assert outcome(run)["metrics"] == outcome(plain)["metrics"]


def test_three_runs_at_once_in_one_process_equal_each_alone(runs_dir):
    seeds = (0, 1, 2)
    alone = [tiny_run(runs_dir, training__seed=seed) for seed in seeds]
    for run in alone:
        loop.train(run)
    together = [tiny_run(runs_dir, training__seed=seed) for seed in seeds]
    threads = [threading.Thread(target=loop.train, args=(run,)) for run in together]
    for thread in threads:
        thread.start()
    torch.rand(1000)  # somebody else uses the global generator
    for thread in threads:
        thread.join(60)
    assert [outcome(run) for run in together] == [outcome(run) for run in alone]


def test_training_leaves_the_global_generator_alone(runs_dir):
    torch.manual_seed(7)
    before = torch.get_rng_state()
    loop.train(tiny_run(runs_dir))
    assert torch.equal(torch.get_rng_state(), before)


# failures


def poisoned(step: int) -> Objective:
    """bce, until D's loss on real images is multiplied by NaN at one step."""
    calls = iter(range(1, 10**6))
    bce = OBJECTIVES["bce"]

    def discriminator(real, fake, smoothing):
        on_real, on_fake = bce.discriminator(real, fake, smoothing)
        return LossParts(on_real * (math.nan if next(calls) == step else 1), on_fake)

    return replace(bce, discriminator=discriminator)


def test_a_loss_that_is_not_finite_fails_the_run_with_metric_and_step(runs_dir, monkeypatch):
    run = tiny_run(runs_dir, recording__probe_every_steps=1000)  # a probe asks for the loss as well
    monkeypatch.setitem(OBJECTIVES._entries, "bce", poisoned(step=13))
    status = loop.train(run)
    monkeypatch.undo()
    assert status.state == "failed"
    assert "loss/d became nan at step 13" in status.error and "learning rate" in status.error
    assert event_types(run)[-1] == "failed"
    steps = [json.loads(line)["step"] for line in run.metrics_path.read_text().splitlines()]
    assert steps == list(range(1, 13))
    assert "nan" not in run.metrics_path.read_text().lower()
    assert run.checkpoint_steps() == [0, 5, 10]


def test_a_failed_run_resumes_from_its_last_healthy_checkpoint(runs_dir, shared_cache, monkeypatch):
    run, plain = tiny_run(runs_dir), tiny_run(runs_dir)
    loop.train(plain)
    with monkeypatch.context() as patched:
        patched.setitem(OBJECTIVES._entries, "bce", poisoned(step=13))
        loop.train(run)
    assert loop.train(run).state == "finished"
    assert run.status().error == ""
    assert outcome(run) == outcome(plain)


def test_an_enormous_learning_rate_fails_the_run_or_leaves_finite_numbers(runs_dir):
    run = tiny_run(runs_dir, generator_optimizer__learning_rate=1.0, discriminator_optimizer__learning_rate=1.0)
    status = loop.train(run)
    tail = MetricsTail(run.metrics_path)
    tail.refresh()
    assert status.state in ("finished", "failed")
    assert np.isfinite(tail.column("loss/d")).all()


def test_weights_that_are_not_finite_are_never_checkpointed(runs_dir, monkeypatch):
    """The loss of step 5 is fine; its update ruins G, and a checkpoint is due."""
    run = tiny_run(runs_dir)

    steps = iter(range(1, 21))

    def ruin(model):
        if next(steps) == 5:
            with torch.no_grad():
                next(model.networks["generator"].parameters()).fill_(math.inf)

    monkeypatch.setattr("gan_core.models.gan.GAN.finish_step", ruin)
    status = loop.train(run)
    assert status.state == "failed"
    assert "'generator.layers.0.weight' is no longer finite at step 5" in status.error
    assert run.checkpoint_steps() == [0]
    assert [p.name for p in run.path.rglob(".tmp-*")] == []


def test_an_error_inside_the_program_fails_the_run_and_its_traceback_is_in_the_log(runs_dir, monkeypatch):
    def broken(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr("gan_core.models.gan.GAN.probe", broken)
    run = tiny_run(runs_dir)
    status = loop.train(run)
    assert status.state == "failed"
    assert "An error inside the program stopped the run (RuntimeError: a bug)" in status.error
    assert "Traceback" in run.log_path.read_text()


def test_an_operation_that_does_not_repeat_exactly_is_named_where_it_must(runs_dir, monkeypatch):
    def varying(self):
        torch.zeros(4).put_(torch.tensor([0]), torch.ones(1))
        return {}

    monkeypatch.setattr("gan_core.models.gan.GAN.probe", varying)
    assert loop.train(tiny_run(runs_dir)).state == "finished"
    status = loop.train(tiny_run(runs_dir, training__deterministic=True))
    torch.use_deterministic_algorithms(False)
    assert status.state == "failed"
    assert "set training.deterministic to false (put_" in status.error


def test_a_damaged_configuration_fails_the_run_with_a_sentence(runs_dir):
    run = tiny_run(runs_dir)
    (run.path / "config.json").write_text('{"dataset": {"image_size": "big"}}')
    status = loop.train(run)
    assert (status.state, "dataset.image_size" in status.error) == ("failed", True)


def test_too_few_readable_pictures_fail_the_run_with_both_counts(runs_dir, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(20):
        Image.new("L", (9, 9), index).save(folder / f"{index:02d}.png")
    run = tiny_run(runs_dir, dataset__name="folder", dataset__root=str(folder), dataset__num_images=0)
    for index in range(10):
        (folder / f"{index:02d}.png").write_bytes(b"no picture")
    status = loop.train(run)
    assert status.state == "failed"
    assert "10 images, fewer than one batch of 16" in status.error


def test_skipped_pictures_are_counted_and_named_in_an_event(runs_dir, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(20):
        Image.new("L", (9, 9), index).save(folder / f"{index:02d}.png")
    (folder / "bad.png").write_bytes(b"no picture")
    run = tiny_run(runs_dir, dataset__name="folder", dataset__root=str(folder), dataset__num_images=0)
    status = loop.train(run)
    event = next(e for e in run.events() if e["type"] == "skipped_pictures")
    assert (status.state, status.skipped, event["count"], event["files"][0][0]) == ("finished", 1, 1, "bad.png")


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "ema.safetensors", "state.json"])
def test_a_damaged_newest_checkpoint_is_passed_over_and_replaced(runs_dir, name):
    run, plain = tiny_run(runs_dir), tiny_run(runs_dir)
    loop.train(plain)
    loop.train(run, request=leave_at(run, 10, "stop"))
    file = run.checkpoint_dir(10) / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert loop.train(run).state == "finished"
    refused = [e for e in run.events() if e["type"] == "checkpoint_refused"]
    assert [e["step"] for e in refused] == [10] and name in refused[0]["error"]
    assert outcome(run) == outcome(plain)
    checkpoints.load(run, 10, loop.build(run.config(), "cpu"))  # sound again


def contents(run: Run) -> dict[str, bytes]:
    """What a run has learned and logged."""
    found = [*run.checkpoints_dir.rglob("*.*"), *run.samples_dir.iterdir(), run.manifest_path, run.metrics_path]
    return {file.relative_to(run.path).as_posix(): file.read_bytes() for file in found if file.exists()}


def damage_models(run: Run) -> None:
    for file in run.checkpoints_dir.glob("*/model.safetensors"):
        file.write_bytes(file.read_bytes()[:-3])


def damage_manifest(run: Run) -> None:
    run.manifest_path.write_bytes(b"z" + run.manifest_path.read_bytes()[1:])


def remove_checkpoints(run: Run) -> None:
    shutil.rmtree(run.checkpoints_dir)
    run.checkpoints_dir.mkdir()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (damage_models, "model.safetensors of .* is damaged"),
        (damage_manifest, "manifest.json is damaged"),
        (lambda run: run.manifest_path.unlink(), "is not in its manifest"),
        (remove_checkpoints, "its checkpoints are missing"),
    ],
)
def test_a_trained_run_without_a_sound_checkpoint_is_left_as_it_is_until_it_may_begin_anew(runs_dir, harm, words):
    run, plain = tiny_run(runs_dir), tiny_run(runs_dir)
    loop.train(plain)
    loop.train(run, request=leave_at(run, 10, "stop"))
    harm(run)
    before = contents(run)
    for _ in range(2):
        status = loop.train(run)
        assert status.state == "failed" and contents(run) == before and status.step == 10
        assert re.search(words, status.error) and "--from-start" in status.error and "set-aside-1" in status.error
    assert recovery.begin_anew(run) == "set-aside-1"
    assert contents(Run(run.path / "set-aside-1")) == before
    run.command("run")
    assert loop.train(run).state == "finished"
    assert outcome(run) == outcome(plain)
    assert [session.step for session in environment.sessions(run)] == [0]  # of the new beginning alone


def test_a_damaged_manifest_is_kept_when_the_next_checkpoint_is_entered(runs_dir):
    run = tiny_run(runs_dir)
    steps = iter(range(1000))

    def request():
        if next(steps) == 7:
            damage_manifest(run)

    assert loop.train(run, request=request).state == "finished"
    assert (run.path / "manifest.json.damaged-1").read_bytes()[:1] == b"z"
    checkpoints.load(run, 20, loop.build(run.config(), "cpu"))


@pytest.mark.parametrize("log", ["metrics.jsonl", "events.jsonl"])
def test_a_damaged_line_does_not_forbid_resuming(runs_dir, log):
    run = tiny_run(runs_dir)
    loop.train(run, request=leave_at(run, 10, "stop"))
    path = run.path / log
    lines = path.read_bytes().splitlines(keepends=True)
    damaged = b"".join([*lines[:2], b"\0" * 7 + lines[2][7:], *lines[3:]])
    path.write_bytes(damaged)
    assert loop.train(run).state == "finished"
    if log == "metrics.jsonl":
        assert [line["step"] for line in run.metrics()] == [1, 2, *range(4, 21)]
        assert (run.path / "metrics.jsonl.damaged-1").read_bytes() == damaged
        (told,) = [e for e in run.events() if e["type"] == "damaged_lines"]
        assert (told["count"], told["kept"]) == (1, "metrics.jsonl.damaged-1")
    else:
        assert recovery.damaged_lines(run) == ["1 damaged line of events.jsonl was skipped."]


NO_MEMORY = "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory"


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (RuntimeError(NO_MEMORY), "ran out of memory"),
        (MemoryError("Unable to allocate 3 GiB for an array"), "ran out of memory"),
        (torch.OutOfMemoryError("CUDA out of memory."), "ran out of memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "share of the disk is used up"),
        (OSError(errno.EROFS, "Read-only file system"), "The disk is read-only"),
        (OSError(errno.EIO, "Input/output error"), "device error"),
        (OSError(errno.EACCES, "Permission denied"), "denies access"),
        (OSError(errno.ENAMETOOLONG, "File name too long"), "too long for the system"),
    ],
)
@pytest.mark.parametrize("place", ["step", "checkpoint"])
def test_a_failure_of_the_machine_is_called_by_its_name(runs_dir, monkeypatch, failure, words, place):
    def fail(*_args, **_kwargs):
        raise failure

    if place == "step":
        monkeypatch.setattr(loop, "train_step", fail)
    else:
        monkeypatch.setattr(checkpoints, "_named_tensors", fail)
    run = tiny_run(runs_dir)
    status = loop.train(run)
    assert status.state == run.status().state == "failed"
    assert words in status.error and "error inside" not in status.error


def test_a_configuration_of_another_architecture_refuses_the_checkpoints(runs_dir):
    run = tiny_run(runs_dir)
    loop.train(run)
    (run.path / "config.json").write_text(with_changes(run.config(), {"network.width": 8}).to_json())
    with pytest.raises(ValueError, match="this architecture"):
        checkpoints.load(run, 20, loop.build(run.config(), "cpu"))


def test_a_vae_trains_takes_a_live_rate_and_refuses_one_it_does_not_have(runs_dir):
    run = tiny_run(runs_dir, network__name="vae", training__ema_decay=0)
    run.override({"generator_optimizer.learning_rate": 0.01})
    assert loop.train(run).state == "finished"
    (event,) = [e for e in run.events() if e["type"] == "override"]
    assert event["changes"] == {"generator_optimizer.learning_rate": 0.01}
    other = tiny_run(runs_dir, network__name="vae", training__ema_decay=0)
    other.override({"discriminator_optimizer.learning_rate": 0.01})
    assert loop.train(other).state == "finished"
    assert any(e["type"] == "override_refused" and "no such optimiser" in e["error"] for e in other.events())


def test_a_conditional_run_keeps_the_labels_of_its_samples_and_draws_with_them(runs_dir):
    run = tiny_run(runs_dir, conditioning__name="acgan")
    assert loop.train(run).state == "finished"
    sampler = open_sampler(run)
    assert sampler.pinned_labels.shape == (4, 10) and bool((sampler.pinned_labels.sum(1) == 1).all())
    drawn = imaging.grid(sampler.pinned(4))
    np.testing.assert_array_equal(np.asarray(Image.open(run.sample_path(20))), drawn)


@pytest.mark.parametrize("kept", [[[1] + 9 * [0]], 8 * [[1, 0, 0, 0, 0]], [["x"] * 10] * 4, [7] * 4])
def test_labels_that_do_not_fit_the_samples_are_chosen_anew(runs_dir, kept):
    run = tiny_run(runs_dir, conditioning__name="acgan", training__max_steps=1)
    run.pin_labels(kept)
    assert loop.train(run).state == "finished"
    labels = np.array(run.pinned_labels())
    assert labels.shape == (4, 10) and (labels.sum(1) == 1).all()


def test_points_train_and_are_drawn_as_a_plot(runs_dir):
    changes = {"network__name": "mlp", "dataset__name": "ring8", "network__discriminator_norm": "none"}
    run = tiny_run(runs_dir, **changes)
    assert loop.train(run).state == "finished"
    assert Image.open(run.sample_path(20)).size == (320, 320)


def test_what_a_cluster_says_of_its_tasks_does_not_matter_to_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"NTASKS": "4", "JOB_NAME": "train", "PROCID": "1", "LOCALID": "1", "NODEID": "0", "JOB_ID": "1"}
    for name, value in said.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    fabric = loop.make_fabric(plan.resolve(RunConfig(), MACHINE))
    assert (fabric.world_size, fabric.global_rank) == (1, 0)

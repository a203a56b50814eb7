"""A run repeats, or it is said where it does not: tiny GANs and VAEs, made again and compared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import tiny_run

from gan_core.runs import Run, environment
from gan_core.runs.branching import branch
from gan_core.training import loop
from gan_core.training.verifying import Mismatch, verify

LR = "generator_optimizer.learning_rate"
VAE = {"network__name": "vae", "training__ema_decay": 0.0}


def trained(runs_dir: Path, until: int = 10, **changes: Any) -> Run:
    run = tiny_run(runs_dir, **changes)
    calls = iter(range(10**6))
    loop.train(run, request=lambda: "stop" if next(calls) == until else None)
    return run


def rewrite(path: Path, number: int, **changes: Any) -> None:
    """Changes values of one line of a log."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[number] |= changes
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def pretend(run: Run, **changes: Any) -> None:
    """Lets the run say that it was trained elsewhere."""
    environment.write_sessions(run.environment_path, [replace(e, **changes) for e in environment.sessions(run)])


@pytest.mark.parametrize("changes", [{}, VAE], ids=["gan", "vae"])
def test_a_run_repeats_to_the_last_bit(runs_dir: Path, changes: dict[str, Any], command) -> None:
    run = trained(runs_dir, **changes)
    verdict = verify(run)
    assert (verdict.matches, verdict.exact, verdict.difference, verdict.environment) == (True, True, None, {})
    assert (verdict.start, verdict.steps, verdict.num_checkpoints) == (0, 5, 2)
    assert verdict.num_metrics >= 5 * 4
    status, out, _ = command("verify", run.id, "--steps", 10, "--runs-dir", runs_dir)
    assert status == 0 and "to the last bit" in out and "3 checkpoints" in out
    assert sorted(p.name for p in runs_dir.iterdir() if not p.name.startswith(".")) == [run.id]


def test_a_damaged_line_of_the_log_is_passed_over(runs_dir: Path) -> None:
    run = trained(runs_dir)
    lines = run.metrics_path.read_text().splitlines()
    odd = ['{"loss/d": 1.0}', '{"step": true, "loss/d": 1.0}', '{"step": 3, "loss/d": "x"}']
    run.metrics_path.write_text("".join(line + "\n" for line in [odd[0], *lines, *odd[1:]]))
    verdict = verify(run, steps=2)
    assert verdict.matches and verdict.exact


def test_a_number_that_was_changed_is_found(runs_dir: Path, command) -> None:
    run = trained(runs_dir)
    rewrite(run.metrics_path, 3, **{"loss/d": 1.25})
    status, out, _ = command("verify", run.id, "--runs-dir", runs_dir)
    assert status == 1 and "First at step 4, loss/d: recorded 1.25, now " in out


def test_weights_that_were_replaced_are_found_though_their_hash_fits(runs_dir: Path) -> None:
    run, other = trained(runs_dir), trained(runs_dir, training__seed=1)
    name = "step-00000005/model.safetensors"
    (run.checkpoints_dir / name).write_bytes((other.checkpoints_dir / name).read_bytes())
    hashes = [json.loads(one.manifest_path.read_bytes()) for one in (run, other)]
    run.manifest_path.write_text(json.dumps(hashes[0] | {name: hashes[1][name]}))
    verdict = verify(run)
    assert not verdict.matches
    assert verdict.difference == Mismatch(5, name, hashes[1][name], hashes[0][name])


def test_live_changes_and_resumes_are_repeated(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    for step in (3, 4, 5):
        calls = iter(range(10**6))
        loop.train(run, request=lambda calls=calls: "pause" if next(calls) == 3 else None)
        run.override({LR: step * 1e-3})
    assert loop.train(run).state == "finished"
    verdict = verify(run, 20)
    assert (verdict.exact, verdict.steps) == (True, 20), verdict.difference


def test_a_branch_repeats_from_where_it_branched(runs_dir: Path) -> None:
    child = branch(runs_dir, trained(runs_dir), 5, {LR: 1e-3})
    loop.train(child)
    verdict = verify(child)
    assert (verdict.start, verdict.steps, verdict.exact) == (5, 5, True), verdict.difference


def test_elsewhere_numbers_may_differ_a_little_and_no_more(runs_dir: Path) -> None:
    run = trained(runs_dir)
    first = json.loads(run.metrics_path.read_text().splitlines()[0])["loss/d"]
    pretend(run, processor="another")
    rewrite(run.metrics_path, 0, **{"loss/d": first * 1.004})
    verdict = verify(run)
    assert verdict.matches and verdict.tolerance == 0.01 and not verdict.exact and verdict.difference is not None
    assert verdict.environment["processor"][0] == "another"
    rewrite(run.metrics_path, 0, **{"loss/d": first * 1.1})
    verdict = verify(run)
    assert not verdict.matches and verdict.difference == Mismatch(1, "loss/d", first * 1.1, first)
    rewrite(run.metrics_path, 0, **{"loss/d": first})
    assert verify(run).matches
    run.environment_path.unlink()
    assert verify(run).known is False


def test_data_that_changed_are_named(runs_dir: Path, command) -> None:
    run = trained(runs_dir)
    pretend(run, data="0" * 64)
    status, out, _ = command("verify", run.id, "--runs-dir", runs_dir)
    assert status == 1 and "its training data changed" in out and "0" * 64 in out


@pytest.mark.parametrize(("steps", "words"), [(11, "must be 1 to 10"), (0, "must be 1 to 10")])
def test_steps_that_were_not_recorded_cannot_be_repeated(runs_dir: Path, steps: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        verify(trained(runs_dir), steps)


def test_a_run_without_steps_has_nothing_to_compare(runs_dir: Path) -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        verify(tiny_run(runs_dir))


def test_a_branch_without_its_first_checkpoint_cannot_be_repeated(runs_dir: Path) -> None:
    child = branch(runs_dir, trained(runs_dir), 5, {LR: 1e-3})
    loop.train(child)
    (child.checkpoint_dir(5) / "optimizer.safetensors").unlink()
    with pytest.raises(ValueError, match=r"branched off at step 5; that checkpoint is not here"):
        verify(child)


def test_elsewhere_only_the_first_steps_are_judged(runs_dir: Path) -> None:
    run = trained(runs_dir, 12)
    pretend(run, torch="1.0")
    rewrite(run.metrics_path, 10, **{"loss/d": 99.0})
    verdict = verify(run, 12)
    assert verdict.matches and not verdict.exact and verdict.difference is not None and verdict.difference.step == 11

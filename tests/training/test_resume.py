"""A resumed run equals one that was never stopped: weights, optimisers, average, random state, log and pictures."""

from __future__ import annotations

import json

import pytest
from helpers import outcome, start_training, tiny_run, train_until_killed

from gan_core.runs import Run
from gan_core.training import loop

LR = "generator_optimizer.learning_rate"
ADAPTIVE = {
    "augmentation__kinds": ("color", "translation", "cutout"),
    "augmentation__adaptive": True,
    "augmentation__target": 0.1,
    "augmentation__ramp_images": 1000,
}


def leave_at(run: Run, step: int, command: str):
    """A `request` that asks to leave before the session's step number `step`."""
    calls = iter(range(10**6))
    return lambda: command if next(calls) == step else None


@pytest.fixture
def untouched(runs_dir) -> Run:
    """A run of the same configuration that nothing disturbed."""
    run = tiny_run(runs_dir)
    assert loop.train(run).state == "finished"
    return run


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_two_runs_of_one_configuration_are_equal(runs_dir, ema):
    first, second = (tiny_run(runs_dir, training__ema_decay=ema) for _ in range(2))
    loop.train(first)
    loop.train(second)
    assert outcome(first) == outcome(second)


def test_another_seed_gives_another_run(runs_dir, untouched):
    other = tiny_run(runs_dir, training__seed=1)
    loop.train(other)
    assert outcome(other)["tensors"] != outcome(untouched)["tensors"]


@pytest.mark.parametrize("command", ["stop", "pause"])
@pytest.mark.parametrize("step", [0, 1, 7, 10, 19])
def test_a_run_that_left_and_was_resumed_equals_one_that_never_did(runs_dir, untouched, command, step):
    run = tiny_run(runs_dir)
    status = loop.train(run, request=leave_at(run, step, command))
    assert (status.state, status.step) == ({"stop": "stopped", "pause": "paused"}[command], step)
    assert run.checkpoint_steps()[-1] == step
    assert loop.train(run).state == "finished"
    assert outcome(run) == outcome(untouched)


def test_a_diffusion_run_that_left_and_was_resumed_equals_one_that_never_did(runs_dir):
    whole, left = (tiny_run(runs_dir, network__name="unet", training__max_steps=8) for _ in range(2))
    loop.train(whole)
    loop.train(left, request=leave_at(left, 4, "pause"))
    assert loop.train(left).state == "finished"
    assert outcome(left) == outcome(whole)


@pytest.mark.parametrize("changes", [{}, ADAPTIVE], ids=["plain", "adaptive augmentation"])
def test_a_run_that_left_at_every_step_equals_one_that_never_did(runs_dir, changes):
    untouched, run = tiny_run(runs_dir, **changes), tiny_run(runs_dir, **changes)
    loop.train(untouched)
    for step in range(20):
        assert loop.train(run, request=leave_at(run, 1, "pause")).step == min(step + 1, 20)
    assert loop.train(run).state == "finished"
    assert outcome(run) == outcome(untouched)


def test_an_adaptive_run_killed_between_two_adaptations_and_resumed_equals_one_that_never_was(runs_dir):
    untouched, run = tiny_run(runs_dir, **ADAPTIVE), tiny_run(runs_dir, **ADAPTIVE)
    loop.train(untouched)
    assert train_until_killed(run, at_step=14)  # after the checkpoint of step 10, which is no fourth step
    assert loop.train(run).state == "finished"
    assert outcome(run) == outcome(untouched)
    strengths = [line["augmentation/strength"] for line in outcome(run)["metrics"] if "augmentation/sign" in line]
    assert len(strengths) == 5 and strengths[-1] > 0
    assert outcome(run)["state"]["scalars"]["strength"] == pytest.approx(strengths[-1])


@pytest.mark.parametrize("changes", [{}, {"network__name": "vae", "training__ema_decay": 0.0}])
def test_a_scheduled_run_that_left_in_its_fall_equals_one_that_never_did(runs_dir, changes):
    plain, run, constant = (
        tiny_run(runs_dir, generator_optimizer__schedule=s, **changes) for s in ("linear", "linear", "constant")
    )
    loop.train(plain)
    loop.train(constant)
    loop.train(run, request=change_rate_at(run, {}, then={13: "pause"}))
    loop.train(run)
    assert outcome(run) == outcome(plain)
    falling, steady = outcome(run)["metrics"], outcome(constant)["metrics"]
    name = "rate/vae" if changes else "rate/g"
    found = [line.pop(name) for line in falling]
    assert found == pytest.approx([2e-4] * 11 + [2e-5 * left for left in range(9, 0, -1)])
    assert falling[:11] == steady[:11] and falling[13:] != steady[13:]
    assert [line.keys() for line in falling] == [line.keys() for line in steady]  # no other column is new


@pytest.mark.slow
@pytest.mark.parametrize("step", [0, 1, 4, 5, 6, 13, 19])
def test_a_run_killed_at_a_step_and_resumed_equals_one_that_never_was(runs_dir, untouched, step):
    run = tiny_run(runs_dir)
    assert train_until_killed(run, at_step=step)
    assert loop.train(run).state == "finished"
    assert outcome(run) == outcome(untouched)


@pytest.mark.slow
def test_a_run_killed_before_each_fsync_in_turn_equals_one_that_never_was(runs_dir, untouched):
    """Every durable write of a run is a place to die: before the first checkpoint, within one, between log and status."""
    run, kills = tiny_run(runs_dir), 0
    while train_until_killed(run, at_fsync=kills):
        kills += 1
    assert kills > 20
    assert outcome(run) == outcome(untouched)
    assert [p.name for p in run.path.rglob(".tmp-*")] == []


@pytest.mark.slow
@pytest.mark.parametrize("fsyncs", range(0, 40, 3))
def test_a_fresh_run_killed_once_before_an_fsync_equals_one_that_never_was(runs_dir, untouched, fsyncs):
    run = tiny_run(runs_dir)
    train_until_killed(run, at_fsync=fsyncs)
    assert loop.train(run).state == "finished"
    assert outcome(run) == outcome(untouched)


@pytest.mark.slow
def test_a_run_killed_again_and_again_makes_progress_and_equals_one_that_never_was(runs_dir, untouched):
    run = tiny_run(runs_dir)
    while train_until_killed(run, at_step=6):  # a checkpoint every 5 steps
        pass
    assert outcome(run) == outcome(untouched)


@pytest.mark.slow
def test_a_run_killed_from_outside_at_a_random_moment_equals_one_that_never_was(runs_dir, untouched):
    run = tiny_run(runs_dir)
    for _ in range(5):
        process = start_training(run)
        process.join(0.3)  # wherever it then is
        process.kill()
        process.join()
    loop.train(run)
    assert outcome(run) == outcome(untouched)


def change_rate_at(run: Run, changes: dict[int, float], then: dict[int, str] | None = None):
    """A `request` that sets G's learning rate before some steps of the session, and may leave at one."""
    calls = iter(range(10**6))

    def request():
        call = next(calls)
        if call in changes:
            run.override({LR: changes[call]})
        return (then or {}).get(call)

    return request


def rates(run: Run) -> list[tuple[int, float]]:
    return [(e["step"], e["changes"][LR]) for e in run.events() if e["type"] == "override"]


def test_a_live_learning_rate_changes_the_run_at_the_next_step_and_is_logged(runs_dir, untouched):
    run = tiny_run(runs_dir)
    loop.train(run, request=change_rate_at(run, {6: 0.01}))
    assert rates(run) == [(7, 0.01)]
    changed, plain = outcome(run)["metrics"], outcome(untouched)["metrics"]
    assert changed[:7] == plain[:7]
    assert changed[8:] != plain[8:]
    groups = outcome(run)["state"]["groups"]
    assert [groups[name][0]["lr"] for name in ("generator", "discriminator")] == [0.01, 0.0002]


def test_a_live_change_moves_the_rate_that_the_schedule_starts_from(runs_dir):
    run = tiny_run(runs_dir, generator_optimizer__schedule="linear")
    loop.train(run, request=change_rate_at(run, {14: 0.01}))
    made = outcome(run)
    assert rates(run) == [(15, 0.01)] and made["state"]["groups"]["generator"][0]["lr"] == 0.01
    assert [line["rate/g"] for line in made["metrics"][14:16]] == pytest.approx([2e-4 * 0.6, 0.01 * 0.5])


@pytest.mark.parametrize("step", [7, 8, 12])
def test_a_live_change_is_replayed_at_its_step_when_the_run_resumes_from_before_it(runs_dir, step):
    """The changed run, cut back to an older checkpoint, goes the same way again."""
    plain, resumed = tiny_run(runs_dir), tiny_run(runs_dir)
    changes = {6: 0.01, 11: 0.003}
    loop.train(plain, request=change_rate_at(plain, changes))
    loop.train(resumed, request=change_rate_at(resumed, changes, then={step: "stop"}))
    _forget_checkpoints_after(resumed, 5)
    made = len(rates(resumed))
    loop.train(resumed, request=change_rate_at(resumed, {11 - 5: 0.003}) if made == 1 else None)
    assert rates(resumed) == rates(plain)
    assert outcome(resumed) == outcome(plain)


def _forget_checkpoints_after(run: Run, step: int) -> None:
    for late in run.checkpoints_dir.iterdir():
        if int(late.name[5:]) > step:
            late.rename(run.path / f"gone-{late.name}")


@pytest.mark.slow
def test_a_live_change_survives_a_kill(runs_dir):
    plain, killed = tiny_run(runs_dir), tiny_run(runs_dir)
    loop.train(plain, request=change_rate_at(plain, {0: 0.01}))  # obeyed before step 1
    loop.train(killed, request=change_rate_at(killed, {0: 0.01}, then={3: "stop"}))
    _forget_checkpoints_after(killed, 0)
    assert train_until_killed(killed, at_step=2)
    assert loop.train(killed).state == "finished"
    assert outcome(killed) == outcome(plain)


def test_a_new_wish_is_not_undone_by_the_replay_of_an_older_one(runs_dir):
    """The run resumes from step 5, an old change of step 7 is replayed, and the newer wish still holds at the end."""
    run = tiny_run(runs_dir)
    loop.train(run, request=change_rate_at(run, {6: 0.5}, then={9: "stop"}))
    _forget_checkpoints_after(run, 5)
    run.override({LR: 0.001})
    loop.train(run)
    assert outcome(run)["state"]["groups"]["generator"][0]["lr"] == 0.001


def test_each_step_is_logged_once_with_its_true_counts(untouched):
    lines = [json.loads(line) for line in untouched.metrics_path.read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, 21))
    assert [line["epoch"] for line in lines] == [1 + i // 4 for i in range(20)]
    assert [line["images_seen"] for line in lines[:5]] == [16, 32, 48, 60, 76]
    assert [("prob/fake_after_g" in line) for line in lines] == [step % 3 == 0 for step in range(1, 21)]
    assert {"loss/d", "loss/g", "loss/d_real", "loss/d_fake", "prob/real", "prob/fake_before", "prob/fake_after"} | {
        "grad_norm/d",
        "grad_norm/g",
    } <= lines[0].keys()

"""The log line is that of the PyTorch DCGAN example, digit for digit."""

from __future__ import annotations

import pytest

from gan_core.training.log_line import log_line

ROW = {
    "step": 1.0,
    "epoch": 1.0,
    "loss/d": 1.7410,
    "loss/g": 4.77761,
    "prob/real": 0.53435,
    "prob/fake_before": 0.57705,
    "prob/fake_after": 0.01364,
}


def test_the_line_is_the_examples() -> None:
    """Form: `[%d/%d][%d/%d] Loss_D: %.4f Loss_G: %.4f D(x): %.4f D(G(z)): %.4f / %.4f` of examples/dcgan/main.py."""
    expected = "[%d/%d][%d/%d] Loss_D: %.4f Loss_G: %.4f D(x): %.4f D(G(z)): %.4f / %.4f" % (  # noqa: UP031
        1, 10, 1, 1583, ROW["loss/d"], ROW["loss/g"], ROW["prob/real"], ROW["prob/fake_before"], ROW["prob/fake_after"],
    )  # fmt: skip
    assert log_line(ROW, epochs=10, steps_per_epoch=1583) == expected
    assert expected.startswith("[1/10][1/1583] Loss_D: 1.7410 Loss_G: 4.7776 D(x): 0.5343")


@pytest.mark.parametrize(("step", "epoch", "within"), [(1, 1, 1), (79, 1, 79), (80, 2, 1), (158, 2, 79)])
def test_steps_are_counted_within_their_epoch(step: int, epoch: int, within: int) -> None:
    line = log_line(ROW | {"step": step, "epoch": epoch}, epochs=2, steps_per_epoch=79)
    assert line.startswith(f"[{epoch}/2][{within}/79] ")


def test_with_a_schedule_the_rates_of_the_step_come_last() -> None:
    line = log_line({"step": 3.0, "epoch": 1.0, "rate/d": 2e-4, "rate/g": 5e-5}, 1, 4)
    assert line == "[1/1][3/4] lr: 5e-05 / 0.0002"


def test_what_was_not_measured_is_left_out() -> None:
    assert log_line({"step": 3.0, "epoch": 1.0, "loss/g": 2.0}, 1, 4) == "[1/1][3/4] Loss_G: 2.0000"


def test_before_the_number_of_steps_is_known_the_step_itself_is_shown() -> None:
    assert log_line({"step": 7.0, "epoch": 1.0}, 1, 0) == "[1/1][7/0]"

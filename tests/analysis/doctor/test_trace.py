"""Windows, their means and how long something held, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.analysis.doctor import RunTrace
from gan_core.analysis.doctor.trace import PATIENCE
from gan_core.config import RunConfig
from tests.analysis.doctor.steady import WINDOW, sign, steady

NAN = float("nan")


@pytest.mark.parametrize(("per_epoch", "window"), [(0, 40), (20, 40), (21, 42), (100, 200), (200, 400), (1000, 400)])
def test_a_window_is_two_epochs_within_40_and_400_steps(per_epoch, window):
    assert steady({}, steps_per_epoch=per_epoch).window == window


def test_a_column_is_there_once_a_window_is_full_and_anything_in_it_is_finite():
    one = np.full(WINDOW, NAN)
    one[7] = 1.0
    assert steady({"a": 1.0}, WINDOW).has("a") and steady({"a": one}, WINDOW).has("a")
    assert not steady({"a": 1.0}, WINDOW - 1).has("a")
    assert not steady({"a": NAN}).has("a")
    assert not steady({"a": 1.0}).has("b") and not steady({"a": 1.0}).has("a", "b")
    assert not steady({"a": np.ones(WINDOW)}, WINDOW + 1).has("a")  # not recorded at every step


def test_the_mean_is_that_of_the_last_window_and_nothing_before_the_first_is_full():
    values = np.random.default_rng(0).normal(size=100)
    means = steady({"a": values}, 100).mean("a")
    assert np.isnan(means[: WINDOW - 1]).all() and len(means) == 100
    for place in range(WINDOW - 1, 100):
        assert means[place] == pytest.approx(values[place - WINDOW + 1 : place + 1].mean())
    assert np.isnan(steady({"a": values[:39]}, 39).mean("a")).all()
    assert steady({"a": values[:40]}, 40).mean("a")[-1] == pytest.approx(values[:40].mean())


def test_the_mean_passes_over_what_is_not_finite_and_a_window_of_nothing_has_none():
    values = np.full(200, NAN)
    values[[3, 10, 50, 150]] = [1.0, 3.0, 8.0, 5.0]
    values[11] = np.inf
    means = steady({"a": values}, 200).mean("a")
    assert means[39] == 2 and means[42] == 2  # steps 4 and 11
    assert means[43] == 3  # step 4 has left
    assert means[50] == 8 and means[49] == 3 and means[89] == 8
    assert np.isnan(means[90]) and means[150] == 5


@pytest.mark.parametrize(("windows", "wanted"), [(1, 40), (2, 80), (3, 120)])
def test_something_lasts_once_it_held_for_so_many_windows_without_a_break(windows, wanted):
    trace, holds = steady({}, 500), np.zeros(500, bool)
    holds[100 : 100 + wanted - 1] = True  # one too few
    holds[300:500] = True
    assert trace.first_lasting(holds, windows) == 300 + wanted - 1
    assert trace.first_lasting(holds[: 300 + wanted - 1], windows) is None


def test_patience_is_three_windows_from_the_first_step_on():
    assert steady({}).first_lasting(np.ones(400, bool), PATIENCE) == 3 * WINDOW - 1
    assert steady({}).first_lasting(np.ones(119, bool), PATIENCE) is None


def test_something_lasts_now_if_it_held_for_the_whole_last_window():
    trace, holds = steady({}), np.zeros(400, bool)
    holds[-40:] = True
    assert trace.lasts_now(holds)
    assert trace.lasts_now(np.ones(40, bool)) and not trace.lasts_now(np.ones(39, bool))
    holds[-40] = False
    assert not trace.lasts_now(holds)
    holds[-40], holds[-1] = True, False
    assert not trace.lasts_now(holds)


def test_of_a_run_of_which_nothing_is_known_there_are_no_steps_and_no_number_of_images():
    bare = RunTrace({}, RunConfig())
    assert len(bare.steps) == 0 and bare.window == WINDOW
    assert sign("too_few_images", bare) is None and RunConfig().training.epochs >= 20

"""How often a busy server refreshes: the processor time of a class of browsers, played, and what becomes of the intervals."""

from __future__ import annotations

import pytest

from gan_core.processes.pace import SAMPLE_S, SLOWEST, TARGET, RefreshPace


class Played:
    """A server whose refreshes take a share of a core that falls as they are stretched."""

    def __init__(self, demand: float, other: float = 0.0) -> None:
        self.demand, self.other, self.now, self.spent = demand, other, 0.0, 0.0
        self.pace = RefreshPace(lambda: self.now, lambda: self.spent)

    def wait(self, seconds: float) -> float:
        """The pace after so many seconds."""
        for _ in range(round(seconds)):
            self.now += 1
            self.spent += min(1.0, self.other + self.demand / self.pace.stretch())  # one core, and no more
        return self.pace.stretch()


def test_a_quiet_server_refreshes_as_often_as_it_is_asked_to() -> None:
    assert Played(0.25).wait(600) == 1


@pytest.mark.parametrize("demand", [0.8, 1.5, 2.2])
def test_a_class_is_stretched_until_the_core_is_half_free_and_no_further(demand: float) -> None:
    class_of_thirty = Played(demand)
    found = class_of_thirty.wait(120)
    assert 0.3 <= demand / found <= 0.6
    assert class_of_thirty.wait(600) == found  # it settles


def test_it_is_quick_again_when_the_class_has_left() -> None:
    class_of_thirty = Played(2.0)
    assert class_of_thirty.wait(120) > 2
    class_of_thirty.demand = 0.1
    assert class_of_thirty.wait(60) == 1


def test_work_that_no_pace_makes_less_stretches_to_a_bound() -> None:
    assert Played(0.1, other=0.95).wait(600) == SLOWEST


def test_one_busy_moment_counts_as_part_of_its_sample_and_at_most_doubles_the_intervals() -> None:
    server = Played(0.05)
    server.spent += 0.5 * SAMPLE_S * TARGET  # a page that is opened
    assert server.wait(SAMPLE_S) == 1
    server.spent += 50 * SAMPLE_S
    assert server.wait(SAMPLE_S) == 2

"""The crash drill in short: every suite that needs no server of its own, with a few accidents each."""

from __future__ import annotations

import pytest

from tools import crash_drill

QUICK = {
    "kills": 3, "checkpoint writes": 3, "cuts": 10, "flips": 20, "log tails": 40, "disk": 2, "not a number": 2,
    "data removed": 1, "two servers": 2, "clock": 1, "leftovers": 1,
}  # fmt: skip


@pytest.mark.parametrize("name", QUICK)
def test_every_accident_is_survived(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_CACHE_DIR", "")  # the drill has its own
    row = crash_drill.drill(name, QUICK[name])
    if row["skipped"]:
        pytest.skip(row["notes"][0])
    assert row["passed"], row


def test_damage_that_is_taken_for_sound_fails_a_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_CACHE_DIR", "")
    monkeypatch.setattr(crash_drill, "loads", lambda run, step: True)
    row = crash_drill.drill("flips", 2)
    assert (row["injected"], row["survived"], row["accepted"], row["passed"]) == (2, 0, 2, False)


def test_a_suite_that_makes_too_few_accidents_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_CACHE_DIR", "")
    monkeypatch.setitem(crash_drill.SUITES, "flips", (5, lambda place, count, found: found.add(True)))
    assert not crash_drill.drill("flips")["passed"]

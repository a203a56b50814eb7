"""The logs of a run from elsewhere: what is kept of them, and their bounds."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import pytest

from gan_core.runs import portable


def override(**changes: Any) -> dict[str, Any]:
    return {"type": "override", "step": 5, "time": 1.0, "changes": changes, "sequence": 1}


@pytest.mark.parametrize("value", [-1e200, -1, 0, 1.0001, 1e299, "1e-3", True, None])
def test_a_learning_rate_outside_its_fields_bounds_is_left_out(value: Any) -> None:
    name = "generator_optimizer.learning_rate"
    assert portable.events_until([override(**{name: value})], 60) == []
    (kept,) = portable.events_until([override(**{name: 1e-3, "discriminator_optimizer.learning_rate": value})], 60)
    assert kept["changes"] == {name: 1e-3}


def test_other_fields_times_and_sequence_numbers_out_of_range_are_left_out() -> None:
    good = override(**{"generator_optimizer.learning_rate": 1e-3})
    assert portable.events_until([good], 60) == [good]
    odd = [
        good | {"type": {}},
        good | {"time": 1e200},
        good | {"sequence": 10**40},
        override(**{"training.batch_size": 2}),
        good | {"step": 61},
        good | {"step": True},
    ]
    assert portable.events_until(odd, 60) == []


def test_a_log_of_many_short_lines_is_read_in_little_memory(tmp_path: Path) -> None:
    log = tmp_path / "metrics.jsonl"
    log.write_bytes(b'{"step":0}\n' * 200_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(1 for _ in portable.metrics_until(portable.checked_lines(log), 60)) == 200_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32_000  # kB


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b'{"step":0}\n' * 11, "more than 10 lines"),
        (b'{"step":0,"note":"' + b"x" * 70_000 + b'"}\n', "more than 64,000 bytes"),
        (b"[1]\n", "not an object"),
        (b'{"step":NaN}\n', "must not hold NaN"),
    ],
)
def test_a_log_beyond_its_bounds_is_refused(tmp_path: Path, content: bytes, rule: str) -> None:
    (tmp_path / "log.jsonl").write_bytes(content)
    with pytest.raises(ValueError, match=rule):
        list(portable.checked_lines(tmp_path / "log.jsonl", most=10))


def test_more_values_than_can_be_shown_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portable, "MAX_VALUES", 10)
    with pytest.raises(ValueError, match="more than 10 values"):
        list(portable.metrics_until(({"step": step, "loss/d": 1.0} for step in range(6)), 60))


def test_a_refusal_of_a_line_shows_its_number_and_nothing_of_it() -> None:
    with pytest.raises(ValueError, match=r"^Line 2 of the log") as refusal:
        list(portable.metrics_until([{"step": 3}, {"step": 1, "secret/word": 5}], 60))
    assert "secret" not in str(refusal.value)

"""The status that a JSON object describes, whatever it holds."""

from __future__ import annotations

import pytest

from gan_core.runs import Status
from gan_core.runs.status import read_status


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**400, True, "5", [5], None])
def test_a_number_that_is_none_is_left_at_its_default(value: object) -> None:
    data = {"state": "finished", "step": value, "seconds": value, "updated_at": value}
    assert read_status(data) == Status(state="finished")

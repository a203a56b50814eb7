"""How often the doctor is right, over recorded runs and made ones; the table in docs/doctor.md is this one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gan_core.analysis.doctor import DIAGNOSES
from gan_core.config.settings import PROJECT_DIR
from tests.analysis.doctor import rates

MAX_BYTES = 1_500_000


@pytest.fixture(scope="module")
def recorded() -> list[rates.Case]:
    return [case for case in rates.cases() if case.recorded]


def test_every_recorded_trace_was_looked_at_and_names_diagnoses_that_there_are():
    cases = json.loads((rates.PLACE / "cases.json").read_text("utf-8"))
    assert len(cases) >= 33
    for case in cases:
        assert case["seen"] and set(case["shows"]) <= set(DIAGNOSES), case["name"]
    assert {f"{case['name']}.npz" for case in cases} == {file.name for file in rates.PLACE.glob("*.npz")}
    assert sum(file.stat().st_size for file in rates.PLACE.iterdir()) < MAX_BYTES


def test_every_recorded_sickness_is_named_and_no_more_than_one_run_in_twenty_is_alarmed_wrongly(recorded):
    missed = {case.name: case.shows - case.found for case in recorded if case.shows - case.found}
    wrong = {case.name: case.found - case.shows for case in recorded if case.found - case.shows}
    assert missed == {}
    assert len(wrong) <= len(recorded) / 20, wrong


def test_a_default_run_raises_no_alarm(recorded):
    defaults = [case for case in recorded if case.trace.config.preset == "mnist-dcgan" and not case.shows]
    assert len(defaults) >= 3
    assert all(case.found == frozenset() for case in defaults)


def test_every_made_sickness_is_named_and_nothing_else():
    assert {
        case.name: (set(case.shows), set(case.found))
        for case in rates.cases()
        if not case.recorded and case.shows != case.found
    } == {}


def test_every_diagnosis_is_tried_on_something():
    shown = frozenset().union(*(case.shows for case in rates.cases()))
    assert shown == set(DIAGNOSES)


def test_the_table_in_the_documentation_is_the_one_that_comes_out(capsys):
    table = rates.table()
    with capsys.disabled():
        print(f"\n{table}")
    assert table in (PROJECT_DIR / "docs" / "doctor.md").read_text("utf-8")


def test_the_steps_of_a_reduced_trace_are_exact(recorded):
    for case in recorded:
        assert np.array_equal(case.trace.steps, np.arange(1, len(case.trace.steps) + 1)), case.name

"""How often the doctor is right, over recorded runs and made ones; the table in docs/doctor.md is this one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import doctor_runs
from gan_core.analysis.doctor import DIAGNOSES
from tests.analysis.doctor import rates, sets

MAX_BYTES = 3_000_000


@pytest.fixture(scope="module")
def recorded() -> list[rates.Case]:
    return [case for case in rates.cases() if case.recorded]


def test_every_recorded_trace_was_looked_at_and_names_diagnoses_that_there_are():
    cases = json.loads((rates.PLACE / "cases.json").read_text("utf-8"))
    assert len(cases) >= 33
    for case in cases:
        assert case["seen"] and set(case["shows"]) <= set(DIAGNOSES), case["name"]
    assert {f"{case['name']}.npz" for case in cases} == {file.name for file in rates.PLACE.glob("*.npz")}
    assert sum(file.stat().st_size for file in rates.PLACE.rglob("*.*")) < MAX_BYTES


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
    tables = rates.table(), sets.tables()
    with capsys.disabled():
        print("\n", *tables, sep="\n")
    page = rates.PAGE.read_text("utf-8")
    assert all(table in page for table in tables)


def test_no_run_of_the_test_set_shares_a_seed_with_one_that_thresholds_were_set_with():
    seeds = {which: {line["seed"] for line in sets.lines(which)} for which in sets.SETS}
    assert not seeds["development"] & seeds["test"] and seeds["test"]
    recorded = {case.trace.config.training.seed for case in rates.cases() if case.recorded}
    assert not recorded & seeds["test"]


def test_of_the_development_set_every_sick_run_is_named_and_no_healthy_one():
    runs = list(sets.short_runs("development"))
    named, alarmed = sets.summary(runs)
    assert len(named) >= 10 and len(alarmed) >= 10
    assert all(named) and not any(alarmed), {run.name: set(run.found) for run in runs if not run.right}


def test_of_the_test_set_hits_and_false_alarms_stay_where_they_were():
    named, alarmed = sets.summary(list(sets.short_runs("test")))
    assert sum(named) >= 0.95 * len(named) and sum(alarmed) <= 0.02 * len(alarmed)


def test_every_way_to_train_a_run_is_accepted_and_every_way_to_break_one_has_a_right_name():
    for way in doctor_runs.WAYS:
        assert doctor_runs.config_of(way, 7).training.seed == 7
    assert {way.name for way in doctor_runs.WAYS if way.sick} == set(sets.NAMES)
    assert set().union(*sets.NAMES.values()) <= set(DIAGNOSES)


def test_a_set_is_gone_through_once_in_every_way_before_any_way_comes_again():
    wanted = list(doctor_runs.missing("test", "vae,wgan,g-still"))
    there = {line["name"] for line in sets.lines("test")}
    order = ["wgan-1201", "vae-1201", "g-still-1301", "wgan-1202", "vae-1202", "g-still-1302", "wgan-1203", "vae-1203"]
    assert [name for name, _, _ in wanted] == [name for name in order if name not in there]


def test_the_steps_of_a_reduced_trace_are_exact(recorded):
    for case in recorded:
        assert np.array_equal(case.trace.steps, np.arange(1, len(case.trace.steps) + 1)), case.name

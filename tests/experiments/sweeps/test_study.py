"""Trials are taken once, whoever takes them, and none is lost: real processes on real storages."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import helpers  # noqa: F401 - its fork server has torch loaded
import pytest
from sqlalchemy import event
from sweep_helpers import BATCHES, small

from gan_core.experiments.sweeps import study as studies
from gan_core.experiments.sweeps.plan import Sweep, listed, ranged
from gan_core.experiments.sweeps.storage import open_storage, to_keep, without_password
from gan_core.experiments.sweeps.study import Claim, SweepStudy, open_study
from gan_core.experiments.sweeps.table import best, rows_of, seconds_left

processes = multiprocessing.get_context("forkserver")
TRIALS = 8


def grid() -> Sweep:
    return small(listed("training.seed", list(range(TRIALS))))


def search(trials: int = 6) -> Sweep:
    return small(ranged("learning_rate", 1e-4, 1e-2), BATCHES, trials=trials)


def address(kind: str, folder: Path) -> str:
    return str(folder / "journal.log") if kind == "journal" else f"sqlite:///{folder}/sweep.db"


def take_all(place: str, sweep: Sweep, begin, out) -> None:
    """A worker that takes what it can, as fast as it can."""
    try:
        begin.wait(60)
        study = open_study("one", place, sweep)
        study.enqueue_missing()
        while claim := study.claim():
            out.put((os.getpid(), claim.index, tuple(claim.params.values())))
            study.complete(claim, float(claim.index))
    finally:
        out.put(None)


def take_one_and_die(place: str, sweep: Sweep) -> None:
    study = open_study("one", place, sweep)
    study.enqueue_missing()
    claim = study.claim()
    assert claim is not None
    study.set_attributes(claim, run="its-run")
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("kind", "make"),
    [("journal", search), ("database", search)],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_two_processes_share_a_sweep_and_try_nothing_twice(tmp_path: Path, kind: str, make) -> None:
    sweep, place = make(), address(kind, tmp_path)
    begin, out = processes.Event(), processes.Queue()
    workers = [processes.Process(target=take_all, args=(place, sweep, begin, out)) for _ in range(2)]
    for worker in workers:
        worker.start()
    begin.set()
    taken, ended = [], 0
    while ended < 2:
        message = out.get(timeout=60)
        ended, taken = ended + (message is None), taken + ([message] if message else [])
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert Counter(number for _pid, number, _values in taken) == Counter(range(sweep.trials))
    assert (
        len({values for _pid, _number, values in taken}) == sweep.trials
    )  # a search has not begun twice with the same
    rows = rows_of(open_study("one", place, sweep))
    assert [(row.index, row.state, row.value) for row in rows] == [(n, "done", float(n)) for n in range(sweep.trials)]


def test_values_of_two_extractors_in_one_sweep_are_not_compared(tmp_path: Path) -> None:
    """As two machines, or two versions of the program, may have left them."""
    study = open_study("one", address("journal", tmp_path), small(listed("training.seed", [0, 1, 2])))
    study.enqueue_missing()
    for value, extractor in ((7.0, "digits@1, scale 2"), (3.0, "digits@1, scale 9"), (8.0, "digits@1, scale 2")):
        claim = study.claim()
        assert claim is not None
        study.complete(claim, value, measured=f"100 generated against 100 real images (held out); {extractor}")
    rows = rows_of(study)
    assert [(row.state, row.value) for row in rows] == [("done", 7.0), ("failed", None), ("done", 8.0)]
    assert "'digits@1, scale 9' and 'digits@1, scale 2'" in rows[1].reason
    assert best(rows, study.sweep) == rows[0]


def test_a_database_gives_a_trial_to_one_of_two_who_ask_in_the_same_moment(tmp_path: Path) -> None:
    place = address("database", tmp_path)
    first, second = open_study("one", place, grid()), open_study("one", place, grid())
    first.enqueue_missing()
    taken: list[Claim | None] = []
    other = threading.Thread(target=lambda: taken.append(second.claim()))

    def let_the_other_ask(_connection, _cursor, statement: str, *_more) -> None:
        if statement.startswith("UPDATE trials") and not other.ident:  # the first has read that the trial waits
            other.start()
            other.join(1)

    event.listen(first.storage._backend.engine, "before_cursor_execute", let_the_other_ask)
    mine = first.claim()
    other.join(60)
    assert mine is not None
    assert taken[0] is not None
    assert mine.index != taken[0].index


def test_the_trial_of_a_killed_process_is_taken_up_with_its_values_and_its_run(tmp_path: Path) -> None:
    sweep, place = search(), address("journal", tmp_path)
    dying = processes.Process(target=take_one_and_die, args=(place, sweep))
    dying.start()
    dying.join(60)
    assert dying.exitcode == -signal.SIGKILL
    study = open_study("one", place, sweep)
    before = rows_of(study)[0]
    assert before.state == "interrupted"
    assert study.retry_stale(lambda run_id: run_id == "its-run") == 0  # something still trains its run
    assert study.retry_stale() == 1
    assert study.retry_stale() == 0
    claim = study.claim()
    assert claim is not None
    assert (claim.index, claim.attempt, claim.run_id, claim.params) == (0, 1, "its-run", before.params)
    assert len(rows_of(study)) == sweep.trials


def test_a_worker_of_another_machine_is_given_up_when_it_gives_no_sign_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = opened(tmp_path, grid())
    monkeypatch.setattr(studies.platform, "node", lambda: "elsewhere")
    claim = study.claim()
    monkeypatch.undo()
    assert claim is not None
    assert study.retry_stale() == 0
    monkeypatch.setattr(studies, "STALE_AFTER_S", -1.0)
    assert study.retry_stale() == 1
    assert not study.heartbeat(claim)  # it learns so at its next sign of life, and its result no longer counts
    study.complete(claim, 1.0)
    assert rows_of(study)[0].state == "waiting"


def test_a_worker_elsewhere_whose_last_sign_of_life_lies_far_ahead_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = opened(tmp_path, grid())
    now = time.time()
    monkeypatch.setattr(studies.platform, "node", lambda: "elsewhere")
    monkeypatch.setattr(studies.time, "time", lambda: now + 60)  # clocks of two machines differ
    assert study.claim() is not None
    monkeypatch.undo()
    assert study.retry_stale() == 0
    monkeypatch.setattr(studies.time, "time", lambda: now - 86_400)  # set back
    assert study.retry_stale() == 1


def test_a_trial_that_kills_everybody_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = opened(tmp_path, small(listed("training.seed", [0])))
    monkeypatch.setattr(studies, "is_stale", lambda trial: True)
    for _attempt in range(studies.MAX_DEATHS):
        assert study.claim() is not None
        study.retry_stale()
    assert study.claim() is None
    (row,) = rows_of(study)
    assert row.state == "failed" and "died 4 times" in row.reason


def test_a_trial_that_is_given_back_waits_again_and_costs_no_life(tmp_path: Path) -> None:
    study = opened(tmp_path, grid())
    for attempt in range(6):
        claim = study.claim()
        assert claim is not None and (claim.index, claim.attempt) == (0, attempt)
        study.requeue(claim)
    assert [row.state for row in rows_of(study)] == ["waiting"] * TRIALS


def test_trials_written_down_by_two_at_once_are_tried_once(tmp_path: Path) -> None:
    sweep = grid()
    study, other = opened(tmp_path, sweep), opened(tmp_path, sweep, fill=False)
    other._all = list  # type: ignore[assignment] - it looked before the first had written
    SweepStudy.enqueue_missing(other)
    assert len(study._all()) == 2 * TRIALS
    claims = []
    while claim := study.claim():
        claims.append(claim.index)
        study.complete(claim, 0.0)
    assert claims == list(range(TRIALS))


def test_a_line_torn_by_a_kill_does_not_poison_the_journal(tmp_path: Path) -> None:
    sweep = grid()
    study = opened(tmp_path, sweep)
    with (tmp_path / "journal.log").open("ab") as journal:
        journal.write(b'{"op_code": 5, "wor')
    claim = study.claim()
    assert claim is not None
    assert rows_of(opened(tmp_path, sweep))[0].state == "training"


def test_another_sweep_of_the_same_name_is_refused_and_a_longer_search_goes_on(tmp_path: Path) -> None:
    opened(tmp_path, search(2))
    with pytest.raises(ValueError, match="its axes is another"):
        opened(tmp_path, grid())
    assert len(rows_of(opened(tmp_path, search(5)))) == 5


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("sqlite:////nowhere/at/all/x.db", "cannot be reached"),
        ("postgresql://me:secret@127.0.0.1:1/x", "not installed|cannot be reached"),
        ("gopher://x/y", "not a storage address"),
        ("/proc/nothing/x.log", "cannot be used"),
    ],
)
def test_a_storage_that_cannot_be_reached_is_a_sentence_without_password(place: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refusal:
        open_storage(place)
    assert "secret" not in str(refusal.value)


def test_a_damaged_journal_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "journal.log").write_text("not a journal\nat all\n")
    with pytest.raises(ValueError, match="damaged, or not a sweep's journal"):
        opened(tmp_path, grid())


def test_a_password_is_never_shown() -> None:
    assert without_password("postgresql://me:se:cr@et@host/name") == "postgresql://me:***@host/name"
    assert without_password("sqlite:////folder/x.db") == "sqlite:////folder/x.db"
    assert without_password("postgresql://host/name?user=me&password=secret&x=1") == (
        "postgresql://host/name?user=me&password=***&x=1"
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgresql://me:se:cr@et@host:5433/name", "postgresql://me@host:5433/name"),
        ("postgresql://host/name?user=me&password=secret", "postgresql://host/name?user=me"),
        ("postgresql://host/name?password=secret&user=me", "postgresql://host/name?user=me"),
        ("postgresql://host/name?password=secret", "postgresql://host/name"),
        ("sqlite:////folder/x.db", "sqlite:////folder/x.db"),
        ("/shared/sweep.log", "/shared/sweep.log"),
    ],
)
def test_an_address_is_kept_without_its_password(given: str, kept: str) -> None:
    assert to_keep(given) == kept


def test_the_best_follows_the_direction_and_the_time_left_what_was_measured(tmp_path: Path) -> None:
    sweep = small(listed("training.seed", [0, 1, 2, 3]), metric="coverage")
    study = opened(tmp_path, sweep)
    for value in (0.5, 0.75):
        claim = study.claim()
        assert claim is not None
        study.complete(claim, value, seconds=10.0)
    rows = rows_of(study)
    top = best(rows, sweep)
    assert top is not None and top.value == 0.75
    assert seconds_left(rows, 99.0) == 20.0
    claim = study.claim()
    assert claim is not None
    study.set_attributes(claim, run="the-third")
    assert seconds_left(rows_of(study), 99.0, {"the-third": 0.5}) == 15.0


def opened(folder: Path, sweep: Sweep, fill: bool = True) -> SweepStudy:
    study = open_study("one", str(folder / "journal.log"), sweep)
    if fill:
        study.enqueue_missing()
    return study

"""A short form of `make hostile`, and that it tells harm from good: planted faults are counted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.components.text import as_text
from tools import hostile
from tools.hostile_inputs import PIECES, SEEDS

SHARE = 0.02


@pytest.mark.parametrize("name", hostile.STATED)
def test_what_strangers_send_is_refused_or_harmless(name: str) -> None:
    row = hostile.inject(name, int(hostile.STATED[name] * SHARE), seed=1)
    assert row.faults == [] and not row.failed
    assert row.counts["injected"] == row.counts["refused"] + row.counts["accepted"] == int(hostile.STATED[name] * SHARE)


@pytest.mark.parametrize("name", SEEDS)
def test_every_seed_is_sound(name: str, tmp_path: Path) -> None:
    accepted = 0
    for number, seed in enumerate(SEEDS[name]()):
        (tmp_path / str(number)).mkdir()
        try:
            hostile.PARSERS[name](seed, tmp_path / str(number))
            accepted += 1
        except ValueError as refusal:
            assert "outside itself" in str(refusal)
    assert accepted


def test_a_planted_crash_and_a_planted_acceptance_and_a_file_outside_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crashes(data: bytes, place: Path) -> None:
        raise IndexError(data[:3])

    def accepts(data: bytes, place: Path) -> None:
        hostile.must(False, "accepted")

    def escapes(data: bytes, place: Path) -> None:
        place.with_name("elsewhere").touch()

    for planted, outcome in ((crashes, "crashed"), (accepts, "wrong"), (escapes, "outside")):
        monkeypatch.setitem(hostile.PARSERS, "points", planted)
        row = hostile.inject("points", 3)
        assert row.failed and row.counts[outcome] >= 3
    monkeypatch.setattr(hostile, "as_text", lambda words: words)
    assert hostile.inject("names", 40).counts["wrong"] > 20


@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_no_text_becomes_a_link_or_markup(text: str) -> None:
    shown = as_text(text)
    assert not hostile.MARKUP.search(shown)
    assert not hostile.AUTOLINK.search(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown))


@given(st.binary(max_size=300), st.sampled_from(sorted(set(hostile.PARSERS) - {"pictures", "archives"})))
def test_any_bytes_are_refused_or_sound(tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str) -> None:
    place = tmp_path_factory.mktemp("bytes")
    assert hostile._outcome(lambda: hostile.PARSERS[name](data, place))[0] in ("refused", "accepted")

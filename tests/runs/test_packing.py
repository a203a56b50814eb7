"""A packed run: small, whole, silent about the machine it was made on."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers import tiny_run

from gan_core import runs
from gan_core.runs.packing import kept_rows, pack, spread
from gan_core.runs.sampler import open_sampler
from gan_core.training import loop


def test_a_packed_run_draws_what_its_run_draws_to_half_precision(runs_dir, tmp_path):
    run = tiny_run(runs_dir, "mine")
    loop.train(run)
    packed = pack(run, tmp_path / "packed" / "small", "Digits", "A note.", rows=5, grids=2)
    assert (packed.name, packed.note, packed.status().state) == ("Digits", "A note.", "finished")
    ours, theirs = (open_sampler(r).draw(4, seed=0).astype(int) for r in (packed, run))
    assert np.abs(ours - theirs).max() <= 2
    assert packed.checkpoint_steps() == [20] and packed.trainable_steps() == []
    assert packed.sample_steps() == [0, 20]
    kept = [json.loads(line)["step"] for line in packed.metrics_path.read_text().splitlines()]
    assert kept == [1, 6, 11, 15, 20]
    assert [r.id for r in runs.list_runs(packed.path.parent)] == ["small"]


def test_it_does_not_say_where_it_was_made(runs_dir, tmp_path):
    run = tiny_run(runs_dir)
    loop.train(run)
    owner = run.status().owner
    packed = pack(run, tmp_path / "packed", "Digits", "")
    assert owner and packed.status().owner == ""
    texts = [file.read_text() for file in packed.path.rglob("*.json*")]
    assert not [text for text in texts if owner in text or str(runs_dir) in text]


def test_only_a_finished_run_is_packed(runs_dir, tmp_path):
    with pytest.raises(ValueError, match="Only a finished run can be packed; 'mine' is queued"):
        pack(tiny_run(runs_dir, "mine"), tmp_path / "packed", "x", "")
    assert not (tmp_path / "packed").exists()


def test_what_is_kept_is_spread_and_holds_every_score():
    assert spread([0, 1, 2, 3, 4, 5, 6, 7, 8], 3) == [0, 4, 8] and spread([1, 2], 5) == [1, 2]
    lines = [f'{{"step":{n}}}' for n in range(8)] + ['{"step":8,"accuracy/test":0.5}', '{"step":9}']
    assert kept_rows(lines, 2) == [lines[0], lines[8], lines[9]]


def test_a_run_is_not_packed_into_its_own_folder(runs_dir):
    run = tiny_run(runs_dir, "mine")
    loop.train(run)
    with pytest.raises(ValueError, match="its own folder"):
        pack(run, run.path, "x", "")
    assert run.checkpoint_steps()


def test_a_name_means_the_users_own_run_before_one_that_comes_with_the_program(runs_dir, tmp_path, monkeypatch):
    run = tiny_run(runs_dir, "digits")
    loop.train(run)
    shipped = pack(run, tmp_path / "shipped" / "digits", "Digits", "")
    monkeypatch.setenv("GANVAS_PRETRAINED_DIR", str(shipped.path.parent))
    assert runs.find(runs_dir, "digits").id == run.id
    assert runs.find(runs_dir, "Digits").shipped
    run.delete()
    assert runs.find(runs_dir, "digits").shipped

"""R2's table: its runs can be trained, one in small is trained, scored and gone on with, and seeds become rows."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from helpers import MACHINE

from benchmarks import conditional_table as benchmark
from gan_core.config import with_changes
from gan_core.config.settings import PROJECT_DIR
from gan_core.experiments import conditional_table as table
from gan_core.experiments.arms import Comparison
from gan_core.models.kinds import kind_of
from gan_core.training import plan

SMALL = {"dataset.num_images": 64, "network.width": 2, "training.max_steps": 2, "recording.num_samples": 4}


def test_every_run_of_the_table_can_be_trained_and_sees_as_many_pictures() -> None:
    configs = [plan.resolve(table.COMPARISON.config(arm), MACHINE) for arm in table.COMPARISON.arms]
    assert len(configs) == len(table.METHODS) * len(table.SEEDS)
    assert len({(c.dataset, c.training.batch_size, c.training.epochs, c.training.max_steps) for c in configs}) == 1
    assert {kind_of(c).short for c in configs} == {"GAN", "DDPM"} and all(
        len(c.conditioning.labels) == 24 for c in configs
    )


def test_the_table_is_trained_scored_and_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = tuple(arm for arm in table.COMPARISON.arms if arm.name in ("cgan-0", "diffusion-0"))
    arms = tuple(
        type(arm)(
            arm.name, arm.title, {**arm.changes, **SMALL, "diffusion.sampling_steps": 2, "diffusion.preview_steps": 2}
        )
        if arm.name == "diffusion-0"
        else arm
        for arm in chosen
    )
    monkeypatch.setattr(benchmark, "COMPARISON", Comparison(with_changes(table.BASE, SMALL), arms))
    command = ["conditional_table", str(tmp_path / "runs"), "--out", str(tmp_path), "--seeds", "1"]
    monkeypatch.setattr(sys, "argv", command)
    monkeypatch.setenv(
        "GANVAS_PRETRAINED_DIR", str(PROJECT_DIR / "checkpoints" / "pretrained")
    )  # the shipped evaluator
    (tmp_path / "runs").mkdir()
    benchmark.main()
    first = (tmp_path / "conditional.json").read_bytes()
    found = json.loads(first)
    assert [(row["method"], row["seed"]) for row in found["rows"]] == [("cgan", 0), ("diffusion", 0)]
    lines = table.rows(found)
    assert all(0 <= row.estimate(name).value <= 1 for row in lines for name in table.LISTS)
    assert "| Diffusion | 1 |" in (tmp_path / "conditional.md").read_text("utf-8")
    benchmark.main()
    assert (tmp_path / "conditional.json").read_bytes() == first


def test_seeds_become_means_with_intervals() -> None:
    found = {
        "rows": [
            {"method": "cgan", "seed": seed, "seconds": 10.0 * seed, "values": {"test": value, "new_test": 0.5}}
            for seed, value in enumerate((0.4, 0.5, 0.6))
        ]
    }
    (row,) = table.rows(found)
    estimate = row.estimate("test")
    assert estimate.value == pytest.approx(0.5) and estimate.high - 0.5 == pytest.approx(
        0.2484, abs=1e-3
    )  # t of 2: 4.303
    assert row.seconds == 0 and table.rows({}) == []

"""`compare` and `film` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_run

from gan_core.figures import imaging
from gan_core.runs import Run


@pytest.fixture
def pair(runs_dir: Path) -> list[Run]:
    """Two runs that differ in their seed; the first was measured."""
    found = []
    for seed in (0, 1):
        run = tiny_run(runs_dir, f"seed {seed}", training__seed=seed)
        run.metrics_path.write_text(json.dumps({"step": 1, "loss/g": 2.0 + seed}) + "\n")
        found.append(run)
    found[0].add_evaluations(
        [{"metric": "fid", "value": 40, "interval": [35, 45], "step": 1, "num_samples": 9, "extractor": "digits"}]
    )
    return found


def test_compare_tells_settings_ends_and_measurements(command, pair: list[Run]) -> None:
    status, out, _ = command("compare", "seed 0", pair[1].id, "--json")
    told = json.loads(out)
    assert status == 0
    assert [run["name"] for run in told["runs"]] == ["seed 0", "seed 1"]
    assert told["settings"] == {"training.seed": [0, 1]}
    assert [end["mean"] for end in told["ends"]["loss/g"]] == [2.0, 3.0]
    assert told["measured"][0][0]["interval"] == [35.0, 45.0]
    assert told["measured"][1] == told["obstacles"] == []
    status, out, _ = command("compare", "seed 0", "seed 1")
    assert "training.seed\t0\t1" in out
    assert "fid 40 (35 to 45; 9 images, digits, step 1)" in out


def test_one_run_is_not_compared(command, pair: list[Run]) -> None:
    status, _, err = command("compare", "seed 0")
    assert (status, err) == (2, "Error: 2 to 8 runs can be compared; got 1.\n")


def test_film_writes_the_file_that_its_name_says(command, pair: list[Run], tmp_path: Path) -> None:
    for step in (0, 5):
        tiles = np.full((4, 1, 8, 8), 40 * step, np.uint8)
        pair[0].save_sample(step, imaging.png_bytes(imaging.to_picture(imaging.grid(tiles))))
    for name, magic in (("run.mp4", b"ftyp"), ("run.GIF", b"GIF8")):
        status, out, err = command("film", "seed 0", "--out", tmp_path / name, "--fps", 2)
        assert status == 0, err
        assert magic in (tmp_path / name).read_bytes()[:16]
        assert "'seed 0'" in out
    assert command("film", "seed 0", "--out", tmp_path / "run.avi")[0] == 2
    status, _, err = command("film", "seed 1", "--out", tmp_path / "none.mp4")
    assert status == 2
    assert "at least two sample grids" in err
    assert not (tmp_path / "none.mp4").exists()

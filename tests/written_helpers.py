"""What was written at 5fcd404, copied to where a test may change it."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

WRITTEN = Path(__file__).parent / "fixtures" / "written_by_5fcd404"
EXPECTED = WRITTEN / "expected"
ANSWERS: dict[str, Any] = json.loads((EXPECTED / "answers.json").read_bytes())
NAMES: dict[str, str] = {row["id"]: row["name"] for row in ANSWERS["runs"]}
IDS = {name: run_id for run_id, name in NAMES.items()}
DRAWN = sorted(set(NAMES) & {picture.stem for picture in (EXPECTED / "samples").glob("*.png")}, key=NAMES.__getitem__)
PRETRAINED = Path(__file__).parents[1] / "checkpoints" / "pretrained"


def copy_written(tmp_path: Path) -> Path:
    """Copies runs, uploads and evaluators to the test's own folders (`conftest.own_folders`). Returns the runs folder."""
    for name in ("runs", "data", "evaluators"):
        shutil.copytree(WRITTEN / name, tmp_path / name)
    for run_id in NAMES:
        for folder in ("samples", "checkpoints"):  # git keeps no empty folders
            (tmp_path / "runs" / run_id / folder).mkdir(exist_ok=True)
        made = time.mktime(time.strptime("".join(run_id.split("-")[-3:-1]), "%Y%m%d%H%M%S"))
        os.utime(tmp_path / "runs" / run_id / "config.json", (made, made))  # nor times, by which runs are listed
    return tmp_path / "runs"


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def assert_same(found: Any, stored: Any) -> None:
    """Fails unless two JSON values are equal: floats to 3 digits, for other processors; all else exactly."""
    if isinstance(stored, dict):
        assert found.keys() == stored.keys()
        for key, value in stored.items():
            assert_same(found[key], value)
    elif isinstance(stored, list):
        assert len(found) == len(stored)
        for one, other in zip(found, stored, strict=True):
            assert_same(one, other)
    elif isinstance(stored, float):
        assert found == pytest.approx(stored, rel=1e-3, abs=1e-8)
    else:
        assert found == stored


def assert_same_metrics(found: Path, stored: Path) -> None:
    """Fails unless two logs of metrics are equal in all but the time, and in columns that were not recorded then."""
    now, then = lines_of(found), lines_of(stored)
    columns = {name for line in then for name in line} - {"time"}
    assert_same(*([{k: v for k, v in line.items() if k in columns} for line in lines] for lines in (now, then)))


def assert_same_picture(found: Path, stored: Path) -> None:
    """Fails unless two pictures are equal, give or take one of 255 levels."""
    pixels = [np.asarray(Image.open(path)).astype(int) for path in (found, stored)]
    assert pixels[0].shape == pixels[1].shape
    assert np.abs(pixels[0] - pixels[1]).max() <= 1

"""The benchmarks run: each is tried for a moment, by the command that the README gives."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from lesson_helpers import small_lesson

from benchmarks import gpu_check, lessons, run_cost, speed
from gan_core.config import with_changes
from gan_core.config.devices import detect
from gan_core.config.settings import PROJECT_DIR
from gan_core.experiments.lessons import LESSONS, collapse
from gan_core.models.building import build_networks


@pytest.mark.slow
def test_the_speed_benchmark_writes_its_table_into_the_readme(tmp_path):
    readme = (PROJECT_DIR / "README.md").read_text(encoding="utf-8")
    assert "make bench" in readme
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(readme, encoding="utf-8")
    small = ["--scale", "32", "--rounds", "2", "--steps", "1", "--out", str(tmp_path / "docs")]
    done = subprocess.run(
        [sys.executable, "benchmarks/speed.py", *small], cwd=PROJECT_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| (.+?): \d+ px.* \| \d+ \| \*\*\d+\.\d\d\*\* .* \|$", done.stdout, re.MULTILINE)
    assert rows == [family.title for family in speed.FAMILIES.values()]
    made = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert done.stdout.strip() in made and len(made.splitlines()) >= len(readme.splitlines()) - 5
    assert set(json.loads((tmp_path / "docs" / "speed.json").read_text("utf-8"))["families"]) == set(speed.FAMILIES)


def test_the_gpu_check_compares_every_family_and_says_when_there_is_no_gpu():
    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "benchmarks/gpu_check.py", *arguments],
            cwd=PROJECT_DIR,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    if detect().devices == ("cpu",):
        assert run() == "There is no GPU that torch knows on this computer: nothing was compared.\n"
    out = run("--device", "cpu", "--scale", "32", "--steps", "2")
    rows = re.findall(r"^\| (.+?) \| (\S+) \| \w+: (?:output|gradient) \| [\d,]+ \| [\d.]+ \|$", out, re.MULTILINE)
    assert [title for title, _ in rows] == [family.title for family in speed.FAMILIES.values()]
    assert all(float(apart) < 1e-5 for _, apart in rows) and out.endswith("No difference exceeds 0.001.\n")


def test_a_network_that_differs_is_found(monkeypatch):
    config, _ = speed.noise_of(speed.FAMILIES["dcgan"], 32)
    made = iter([build_networks(config), build_networks(with_changes(config, {"training.seed": 1}))])
    monkeypatch.setattr(gpu_check, "build_networks", lambda _config: next(made))
    assert all(apart > gpu_check.TOLERANCE for apart in gpu_check.differences(config, "cpu").values())


@pytest.mark.parametrize("name", speed.FAMILIES)
def test_a_plain_loop_learns_as_ours_does(name):
    """Both see the same images; after as many steps both losses have fallen alike."""
    plain, single, _bf16 = speed.loops(speed.FAMILIES[name], 32).values()
    first = [float(np.ravel(plain())[0]) for _ in range(30)]
    ours = [{key: float(value) for key, value in single().items() if key.startswith("loss/")} for _ in range(30)]
    assert np.isfinite(first).all() and all(np.isfinite(list(line.values())).all() for line in ours)
    loss = {"vae": "loss/reconstruction", "ddpm": "loss/diffusion"}.get(name, "loss/d")
    assert np.mean([line[loss] for line in ours[-10:]]) == pytest.approx(np.mean(first[-10:]), rel=0.5, abs=0.5)


def test_lessons_are_trained_over_seeds_and_go_on_where_they_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "LESSONS", type(LESSONS)("lesson", {"collapse": small_lesson(collapse.LESSON)}))
    monkeypatch.setattr(sys, "argv", ["lessons", str(tmp_path / "runs"), "--out", str(tmp_path), "--seeds", "1"])
    lessons.main()
    first, trained = (
        json.loads((tmp_path / "lessons.json").read_text("utf-8")),
        sorted((tmp_path / "runs").glob("*/metrics.jsonl")),
    )
    assert list(first["collapse"]) == ["0"] and len(trained) == 4
    monkeypatch.setattr(sys, "argv", [*sys.argv[:-1], "2"])
    lessons.main()
    both = json.loads((tmp_path / "lessons.json").read_text("utf-8"))
    assert both["collapse"]["0"] == first["collapse"]["0"] and list(both["collapse"]) == ["0", "1"]
    again = sorted((tmp_path / "runs").glob("*/metrics.jsonl"))
    assert set(trained) < set(again) and len(again) == 8
    words = (tmp_path / "lessons.md").read_text("utf-8")
    for prediction in collapse.LESSON.predictions:
        held = [seed[prediction.key]["choice"] for seed in both["collapse"].values()].count(prediction.expected)
        assert (
            f"{prediction.question}*" in words
            and f"**{prediction.words(prediction.expected)}**: holds with {held} of 2 seeds." in words
        )


@pytest.mark.slow
def test_many_pictures_are_prepared_through_a_kill_and_compared_with_a_folder(tmp_path):
    out = tmp_path / "many.json"
    small = ["--images", "600", "--distinct", "4", "--seconds", "0.3", "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "benchmarks/many_pictures.py", *small],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text("utf-8"))
    assert 200 <= found["killed"]["last"] < 600 and found["continued"]["last"] == found["images"] == 600
    assert found["batches"]["cache"] > found["batches"]["folder"] > 0 and found["cache_bytes"] > 600 * 3 * 64 * 64


def test_the_operations_of_an_image_are_those_of_its_layers():
    alone, more = (run_cost.cost("mnist-dcgan", batch) for batch in (4, 8))
    assert alone["gflop"] == pytest.approx(more["gflop"]) and 0.05 < alone["gflop"] < 0.2
    assert alone["checkpoint_mb"] == pytest.approx(alone["weights_m"] * 16)

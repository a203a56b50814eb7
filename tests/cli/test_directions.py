"""directions, save-direction, rename, export-directions, import-directions: what Explore keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_run

from gan_core.jobs.task_worker import cached
from gan_core.latents import attribute_search, saved_directions
from gan_core.latents.attribute_directions import without_others
from gan_core.latents.directions import NUM_DIRECTIONS, find_directions
from gan_core.latents.saved_directions import Direction
from gan_core.runs import Run
from gan_core.runs.sampler import open_sampler
from gan_core.training import loop
from tests.cli.test_main import refused

VAE = {"network__name": "vae", "training__ema_decay": 0.0}
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(runs_dir: Path) -> Run:
    made = tiny_run(runs_dir, "mine")
    loop.train(made)
    return made


def latest(runs_dir: Path) -> Direction:
    return saved_directions.list_directions(runs_dir)[0]


def test_a_direction_and_a_sum_are_found_and_kept(command: Command, run: Run, runs_dir: Path) -> None:
    vectors, _ = find_directions(open_sampler(run), "sefa", NUM_DIRECTIONS)
    assert command("save-direction", "mine", "stretch", "--by", "sefa", "--along", 2)[0] == 0
    kept = latest(runs_dir)
    assert (kept.name, kept.found_by, kept.run_id, kept.step) == ("stretch", "sefa", run.id, run.checkpoint_steps()[-1])
    assert np.array(kept.vector) == pytest.approx(vectors[1], abs=1e-6)
    assert command("save-direction", run.id, "both", "--by", "sefa", "--along", "1=2", "--along=3=-0.5")[0] == 0
    assert latest(runs_dir).found_by == "sum"
    assert np.array(latest(runs_dir).vector) == pytest.approx(2 * vectors[0] - 0.5 * vectors[2], abs=1e-5)
    assert command("save-direction", run.id, "twice", "--by", "saved", "--along", "stretch=2")[0] == 0
    assert np.array(latest(runs_dir).vector) == pytest.approx(2 * vectors[1], abs=1e-5)
    last = run.config().network.latent_dim - 1
    assert command("save-direction", run.id, "last", "--by", "raw", "--along", last)[0] == 0
    assert np.flatnonzero(latest(runs_dir).vector).tolist() == [last]
    rows = json.loads(command("directions", "--json")[1])
    assert [(row["name"], row["run"], row["found_by"]) for row in rows] == [
        ("last", "mine", "raw"), ("twice", "mine", "sum"), ("both", "mine", "sum"), ("stretch", "mine", "sefa")
    ]  # fmt: skip


def test_an_attributes_direction_is_kept_with_how_accurate_it_is(command: Command, runs_dir: Path) -> None:
    run = tiny_run(runs_dir, "vae", **VAE, dataset__num_images=300)  # of a VAE the images' own labels are known
    loop.train(run)
    task = attribute_search.task(run, run.checkpoint_steps()[-1], 300)
    first, second, *_ = attribute_search.directions(cached(task, lambda *_arguments, **_values: None))
    searched = ["--by", "attribute", "--images", 300, "--along"]
    status, out, err = command("save-direction", "vae", "one", *searched, first.name)
    assert status == 0, err
    kept = latest(runs_dir)
    assert (kept.found_by, kept.note) == ("attribute", first.accuracy) and kept.note in " ".join(out.split())
    assert np.array(kept.vector) == pytest.approx(first.vector, abs=1e-6)
    both = [f"{first.name}=1", "--along", f"{second.name}=0"]
    assert command("save-direction", "vae", "held", *searched, *both, "--hold")[0] == 0
    held = without_others(first.vector, second.vector[None])
    assert np.array(latest(runs_dir).vector) == pytest.approx(held, abs=1e-6)
    refused(command("save-direction", "vae", "x", *searched, "Wings"), "no direction Wings by attribute", first.name)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--along", "9999"), "There is no direction 9999 by pca. Choose from: 1, 2"),
        (("--along", "0"), "There is no direction 0 by pca"),
        (("--along", "1=far"), "--along takes WHICH or WHICH=OFFSET"),
        (("--along", "1=nan"), "finite numbers"),
        (("--along", "1", "--along", "2"), "give each an offset"),
        (("--along", "1=1", "--along", "1=2"), "names each direction once"),
        (("--along", "1=0"), "not all 0"),
        (("--along", "1", "--hold"), "--hold is for --by attribute; got --by pca"),
        (("--along", "grin", "--by", "saved"), "There is no saved direction 'grin'"),
        (("--along", "Male", "--by", "attribute"), "there is no evaluator"),
    ],
)
def test_what_is_no_direction_is_refused(command: Command, run: Run, runs_dir: Path, options, words: str) -> None:
    refused(command("save-direction", "mine", "new", *options), words)
    assert saved_directions.list_directions(runs_dir) == []


def test_renamed_exported_and_imported_again(command: Command, runs_dir: Path, tmp_path: Path) -> None:
    smile = saved_directions.save(runs_dir, Direction("smile", "faces-1", "Faces", 3, (1.0, 0.0), "raw"))
    frown = saved_directions.save(runs_dir, Direction("frown", "faces-1", "Faces", 3, (-1.0, 0.0), "raw"))
    assert command("rename", "smile", "grin")[1].strip() == "smile: now called grin"
    refused(command("rename", smile.id, "frown"), "has a direction “frown” already")
    one, every = tmp_path / "one.json", tmp_path / "every.json"
    assert command("export-directions", "grin", "--out", one)[1].split() == [f"{one}:", "1", "direction"]
    assert command("export-directions", "--out", every)[1].split()[1:] == ["2", "directions"]
    saved_directions.delete(runs_dir, smile.id)
    result = command("import-directions", every)
    refused(result, "has a direction “frown” already")
    assert result[1].startswith("grin: saved as ")
    there = {d.name: replace(d, id="", created=0) for d in saved_directions.list_directions(runs_dir)}
    assert there == {"grin": replace(smile, name="grin", id="", created=0), "frown": replace(frown, id="", created=0)}
    refused(command("export-directions", "nobody", "--out", one), "There is no saved direction 'nobody'")
    one.write_text("[]")
    refused(command("import-directions", one), "holds no saved directions")
    refused(command("import-directions", tmp_path / "none.json"), "none.json")


def test_nothing_saved_is_not_written(command: Command, tmp_path: Path) -> None:
    refused(command("export-directions", "--out", tmp_path / "none.json"), "There are no saved directions")
    assert not (tmp_path / "none.json").exists()


def test_a_name_of_a_run_and_a_direction_needs_an_id(command: Command, runs_dir: Path) -> None:
    tiny_run(runs_dir, "smile")
    kept = saved_directions.save(runs_dir, Direction("smile", "faces-1", "Faces", 3, (1.0, 0.0), "raw"))
    refused(command("rename", "smile", "grin"), "A run and a direction are called 'smile'")
    assert command("rename", kept.id, "grin")[0] == 0

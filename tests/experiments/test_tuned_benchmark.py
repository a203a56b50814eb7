"""The collapse benchmark at searched settings: what is searched, what a table holds, both commands for a few steps, and the page."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from benchmarks import collapse_runs, collapse_search, collapse_table
from gan_core.config import get
from gan_core.experiments import benchmark
from gan_core.experiments.benchmark import (
    METHODS,
    REAL,
    TASKS,
    Published,
    Result,
    Tuned,
    page,
    storage,
    summary,
    tuned_page,
    tuning,
)
from gan_core.experiments.benchmark.figure import against_batch, against_steps

START = {"rate_g": 1e-3, "rate_d": 1e-3, "beta1": 0.5, "schedule": "linear", "batch": 64}


# what is searched


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_legal_at_both_ends_of_what_is_searched(method):
    axes = tuning.axes(method)
    low = {name: axis.values[0] if axis.values else axis.low for name, axis in axes.items()}
    high = {name: axis.values[-1] if axis.values else axis.high for name, axis in axes.items()}
    for setting in (low, high, {name: axis.start for name, axis in axes.items()}):
        config = collapse_runs.configuration(tuning.changes("ring8", method, setting, 7, 50))
        assert config.training.batch_size == setting["batch"] * config.remedies.packing  # counted in packs
        assert (config.training.seed, config.training.max_steps, config.training.ema_decay) == (7, 50, 0.999)
        for name, axis in axes.items():
            assert all(get(config, field) == setting[name] for field in axis.fields)


def test_methods_search_what_they_have():
    shared = {"rate_g", "rate_d", "beta1", "schedule", "batch"}
    assert set(tuning.axes("bce")) == set(tuning.axes("pacgan4")) == shared
    assert set(tuning.axes("r1")) == shared | {"weight"}
    assert set(tuning.axes("wgan-gp")) == shared | {"weight", "n_critic"}
    assert set(tuning.axes("sngan")) == shared | {"scale", "n_critic"}
    assert set(tuning.axes("wgan")) == shared - {"beta1"} | {"clip", "n_critic"}  # RMSprop has no beta1


def test_points_are_trained_at_unit_spread_and_counted_in_their_own_units(tiny, monkeypatch):
    seen = []
    monkeypatch.setattr(collapse_runs, "Batches", lambda data, *rest: seen.append(data) or stop())
    config = collapse_runs.configuration(tuning.changes("ring8", "bce", START, 1, 4))
    with pytest.raises(InterruptedError):
        collapse_runs.train("ring8", [config], unit_spread=True)
    assert seen[0].images.std() == pytest.approx(1, abs=1e-5) and seen[0].images.dtype == np.float32
    assert collapse_runs.prepared("ring8").images.std() == pytest.approx(0.5**0.5, rel=0.01)


def stop() -> None:
    raise InterruptedError


def test_seeds_whose_training_fails_count_as_nothing_found(tiny):
    wild = {**START, "rate_g": 1.0, "rate_d": 1.0, "weight": 1e6, "n_critic": 1}
    sgd = {"generator_optimizer.name": "sgd", "discriminator_optimizer.name": "sgd"}
    changes = [{**tuning.changes("ring8", "wgan-gp", wild, seed, 40), **sgd} for seed in (1, 2)]
    failed = collapse_runs.train("ring8", [collapse_runs.configuration(c) for c in changes], every=40, unit_spread=True)
    results = [collapse_runs.counted("ring8", "wgan-gp", 1, one.last) for one in failed]
    assert len(results) == 2 and all(r.diverged and r.captured == 0 for r in results)
    assert all(one.curve == () and np.isnan(one.ema).all() for one in failed)  # it ended before the first count


# what a table holds


def made(method: str, captured: int, quality: float, batch: int | None = None) -> list[Result]:
    """Five seeds, last weights and average."""
    base = {
        "method": method,
        "high_quality": quality,
        "mode_tv": 0.1,
        "reverse_kl": 0.1,
        "good_kl": 0.05,
        "num_samples": 2500,
    }
    curve = ((4, 0.1), (captured, quality), (captured, quality))
    last = [Result(seed=s, captured=captured, batch=batch, curve=curve, **base) for s in range(5)]
    if method == REAL:
        return last
    return last + [Result(seed=s, captured=captured - 1, batch=batch, weights="ema", **base) for s in range(5)]


def whole() -> Tuned:
    settings = {
        method: {**START, **({"n_critic": 5} if "n_critic" in tuning.axes(method) else {})} for method in METHODS
    }
    results = [*made(REAL, 8, 0.989), *(r for method in METHODS for r in made(method, 8, 0.96))]
    results += [r for size in (128, 256, 512) for m in tuning.BATCH_METHODS for r in made(m, 7, 0.5, size)]
    return Tuned(task="ring8", steps=30, every=10, settings=settings, results=tuple(results))


def test_a_table_is_shown_only_when_every_method_has_every_seed():
    found = whole()
    assert found.is_complete
    without = tuple(r for r in found.results if (r.method, r.batch) != ("wgan", None))
    assert not found.model_copy(update={"results": without}).is_complete
    assert not Tuned(task="ring8", settings={}).is_complete


def test_last_weights_average_and_batches_are_kept_apart():
    found = whole()
    last, ema = ({row.method: row for row in summary.rows(found.table(kind))} for kind in ("last", "ema"))
    assert last["bce"].values["captured"] == (8.0,) * 5 and ema["bce"].values["captured"] == (7.0,) * 5
    assert last["bce"].measures["good_kl"].value == pytest.approx(0.05)
    assert {size: len(rows) for size, rows in found.by_batch("bce").items()} == {64: 5, 128: 5, 256: 5, 512: 5}
    assert (found.d_steps("bce"), found.d_steps("sngan")) == (1, 5)


def test_batches_are_shown_where_a_method_has_several_with_every_seed():
    found = whole()
    assert {name: list(sizes) for name, sizes in found.batches().items()} == {
        name: [64, 128, 256, 512] for name in tuning.BATCH_METHODS
    }
    begun = tuple(
        r
        for r in found.results
        if r.batch is None or (r.method, r.batch) == ("bce", 128) or (r.batch, r.seed) == (256, 0)
    )
    only = found.model_copy(update={"results": begun})
    assert only.is_complete and {method: list(sizes) for method, sizes in only.batches().items()} == {"bce": [64, 128]}
    assert "| modes, quality with batches of | 64 | 128 |" in tuned_page.section(only)
    lost = tuple(
        r.model_copy(update={"captured": 0, "high_quality": 0.0}) if (r.batch, r.seed) == (128, 3) else r for r in begun
    )
    said = "\n".join(tuned_page.section(found.model_copy(update={"results": lost})))
    assert "| 8.0, 0.960 | 5.6, 0.400 (1 of 5 seeds: none) |" in said
    none = found.model_copy(update={"results": tuple(r for r in found.results if r.batch is None)})
    assert none.is_complete and not any("with batches of" in line for line in tuned_page.section(none))


def test_a_method_below_its_paper_is_told_to_rise_still_where_its_quality_did_at_the_end():
    found = whole().model_copy(update={"steps": 100})
    rising = tuple((8, 0.5 + 0.03 * count) for count in range(10))
    level = tuple((8, 0.96) for _count in range(10))
    results = tuple(
        r.model_copy(update={"curve": rising if r.method == "pacgan2" else level, "captured": min(r.captured, 7)})
        for r in found.results
    )
    said = "\n".join(tuned_page.section(found.model_copy(update={"results": results})))
    assert "still rose over the last 10% of the steps: PacGAN2 by 0.030; a longer run may reach more." in said


def with_longer_runs() -> Tuned:
    """Five seeds of PacGAN2 with three times the steps, and three of PacGAN4."""
    found = whole()
    made = [r.model_copy(update={"steps": 90, "high_quality": 0.98}) for r in found.results if r.batch is None]
    kept = [r for r in made if r.method == "pacgan2" or (r.method == "pacgan4" and r.seed < 3)]
    return found.model_copy(update={"results": (*found.results, *kept)})


def test_longer_runs_stand_beside_the_table_once_every_seed_is_there():
    found, usual = with_longer_runs(), whole()
    assert found.table() == usual.table() and found.table("ema") == usual.table("ema")
    assert found.batches() == usual.batches() and found.is_complete
    (steps, last), (_, ema) = *found.longer().items(), *found.longer("ema").items()
    assert steps == 90 and {r.method for r in (*last.results, *ema.results)} == {"pacgan2"}
    section = tuned_page.section(found)
    assert (
        "| PacGAN2 | 90 | 5 | 8.0 (8.0 to 8.0) | 0.980 (0.980 to 0.980) | 7.0 (7.0 to 7.0) | 0.980 (0.980 to 0.980) |"
        in section
    )
    assert any("After 90 steps of G: Targets for PacGAN2" in line and "0.98" in line for line in section)
    assert not any("with more steps" in line for line in tuned_page.section(usual))


def test_a_curve_is_a_mean_over_seeds_and_levels_off_where_it_stays():
    found = whole()
    assert summary.mean_curve(found, "bce") == [(10, 4, 0.1), (20, 8, 0.96), (30, 8, 0.96)]
    assert summary.levelled(summary.mean_curve(found, "bce"), 8) == 20
    assert summary.levelled([(1, 8, 0.9), (2, 4, 0.9), (3, 8, 0.9)], 8) == 3


def test_methods_are_held_against_every_published_figure():
    rows = summary.rows(whole().table())
    held = summary.against_papers(rows)
    assert {row.method for row in held["below"]} == {"bce"}  # 0.96, PacGAN's GAN has 0.982
    assert {row.method for row in held["reached"]} == {"pacgan2", "pacgan4", "wgan-gp"}
    assert all(isinstance(paper, Published) for row in rows for paper in row.published)


# the commands


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small ring, two methods, and files of its own."""
    entry = TASKS["ring8"]
    small = {**entry.settings, "network.width": 8, "dataset.num_images": 500}
    task = benchmark.BenchmarkTask(entry.title, 8, 200, 2, small, entry.assignment, entry.by_method)
    monkeypatch.setitem(TASKS._entries, "ring8", task)
    monkeypatch.setattr(storage, "DATA", tmp_path)
    monkeypatch.setattr(tuning, "SEARCH", tmp_path / "search.json")
    monkeypatch.setattr(collapse_table, "PAGE", tmp_path / "collapse.md")
    return tmp_path


def command(module: object, monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
    monkeypatch.setattr(sys, "argv", ["command", "--tasks", "ring8", "--methods", "bce,sngan", *options])
    module.main()  # type: ignore[attr-defined]


def test_both_commands_make_what_is_missing_and_go_on(tiny, monkeypatch, capsys):
    for method in set(METHODS) - {"bce", "sngan"}:
        monkeypatch.delitem(METHODS._entries, method)
    journal = ("--journal", str(tiny / "journal.log"))
    with pytest.raises(SystemExit):
        command(collapse_table, monkeypatch)
    assert "collapse_search" in capsys.readouterr().err

    command(collapse_search, monkeypatch, "--trials", "1", "--steps", "4", *journal)
    with pytest.raises(ValueError, match="another budget"):
        command(collapse_search, monkeypatch, "--trials", "2", "--steps", "4", *journal)
    (tiny / "search.json").unlink()
    capsys.readouterr()
    command(collapse_search, monkeypatch, "--trials", "2", "--steps", "4", *journal)
    assert "trial 1 of 2" not in capsys.readouterr().out  # the journal has it
    searched = tuning.search()
    assert searched is not None and len(searched.chosen) == 2
    plain, sngan = searched.chosen
    assert len(plain.trials) == 2 and plain.mode_tv == min(plain.trials) and plain.cpu_s > 0
    assert set(sngan.setting) == set(tuning.axes("sngan"))

    small = ("--seeds", "2", "--steps", "4", "--every", "2")
    command(collapse_table, monkeypatch, *small)
    first = storage.tuned("ring8")
    assert first is not None and first.is_complete and first.settings["bce"] == plain.setting
    own = plain.setting["batch"]
    assert list(first.by_batch("bce")) == [64, 128, 256, 512] and len(first.by_batch("bce")[own]) == 2
    (curve,) = {len(r.curve) for r in first.table().results if r.method != REAL}
    assert curve == 2  # also where D makes five steps for each of G's
    assert {r.seed for r in first.results} == set(tuning.TABLE_SEEDS[:2])
    assert not {r.seed for r in first.results} & set(searched.seeds)
    command(collapse_table, monkeypatch, *small)
    assert storage.tuned("ring8") == first  # nothing is made twice
    longer = ("--methods", "bce", "--longer")
    with pytest.raises(SystemExit):
        command(collapse_table, monkeypatch, *small, *longer, "4")
    assert "--longer takes more steps than the table's 4" in capsys.readouterr().err
    for _again in range(2):
        command(collapse_table, monkeypatch, *small, *longer, "6")
    second = storage.tuned("ring8")
    assert second is not None and second.table() == first.table() and second.batches() == first.batches()
    assert [(r.method, r.seed, len(r.curve)) for r in second.longer()[6].results] == [
        ("bce", seed, 3) for seed in tuning.TABLE_SEEDS[:2]
    ]
    assert "### Tuned" in (tiny / "collapse.md").read_text("utf-8")

    content = json.loads(tuning.SEARCH.read_text("utf-8"))
    content["chosen"][0]["setting"]["rate_g"] = 0.5
    tuning.SEARCH.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="other settings \\(bce\\)"):
        command(collapse_table, monkeypatch, *small)


def test_a_search_with_the_tables_seeds_and_a_damaged_one_are_refused(tiny):
    content = {"command": "x", "date": "2026-01-01", "num_trials": 1, "steps": 1, "seeds": [tuning.TABLE_SEEDS[0]]}
    tuning.SEARCH.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="seeds of the table"):
        tuning.search()
    tuning.SEARCH.write_text("{")
    with pytest.raises(ValueError, match="cannot be read"):
        tuning.search()


# what is shown


def test_the_page_has_both_tables_settings_curves_and_batches(tiny):
    collapse_table._write("tuned-ring8", whole())
    text = page.page()
    ring = text[text.index("## Ring of 8") : text.index("## Grid of 25")]
    assert ring.index("### Tuned: each method") < ring.index("### Untuned: one setting for all")
    assert (
        "| WGAN-GP | 5 | 150 | 0.100 (0.100 to 0.100) | 8.0 (8.0 to 8.0) | 0.960 (0.960 to 0.960) | 0.05 (0.05 to 0.05) "
        in ring
    )
    assert "| modes, quality after steps of G | 10 | 20 | 30 | level from |" in ring
    assert "| GAN | 4.0, 0.100 | 8.0, 0.960 | 8.0, 0.960 | 20 |" in ring
    assert "| modes, quality with batches of | 64 | 128 | 256 | 512 |" in ring
    assert "- Below a published figure of modes or quality: GAN." in ring
    assert "0.95 of high quality (reached, with 0.96 (0.96 to 0.96))" in ring
    assert "### Tuned: each method" not in text[text.index("## Grid of 25") :]


def test_the_component_shows_the_tuned_table_and_keeps_the_untuned_one(tiny, monkeypatch):
    monkeypatch.setattr("streamlit.page_link", lambda *_, **__: None)  # the app's pages are not there
    collapse_table._write("tuned-ring8", with_longer_runs())
    app = AppTest.from_string(
        "from pages.components.collapse.table import collapse_table\ncollapse_table()", default_timeout=60
    ).run()
    assert not app.exception
    text = " ".join(element.value for element in app.markdown)
    assert "– modes with one setting for all, 8.0 (8.0 to 8.0) at its own searched setting." in text
    longer = "With 90 generator steps and otherwise the same settings: PacGAN2 8.0 (8.0 to 8.0) modes, share of high quality 0.980"
    (said,) = [element.value for element in app.markdown if element.value.startswith(longer)]
    assert "PacGAN2 reaches the lab's target, near the paper's figure, of 0.95 (high quality), with 0.98" in said
    table, settings = (element.value for element in app.dataframe)
    assert table["Average: modes"].tolist()[:2] == ["–", "7.0 (7.0 to 7.0)"]
    assert settings["Critic steps"].tolist().count("5") == 3
    assert len(app.get("plotly_chart")) == 3 + 4  # the table's, steps and batch
    assert "yet" in app.info[0].value  # the untuned table of this empty folder


def test_the_curves_are_drawn_for_every_method_and_several_batches():
    found = whole()
    steps = against_steps(found, "captured", 8, {"measure": "modes", "steps": "steps"})
    assert [trace.name for trace in steps.data] == [method.title for method in METHODS.values()]
    assert len({(trace.line.color, trace.line.dash) for trace in steps.data}) == len(METHODS)
    assert (steps.data[0].x, steps.data[0].y) == ((10, 20, 30), (4, 8, 8))
    batch = against_batch(found, "high_quality", 0.989, {"measure": "quality", "batch": "batch"})
    assert [trace.name for trace in batch.data] == ["GAN", "PacGAN2"]
    assert (batch.data[0].x, batch.data[0].y) == ((64, 128, 256, 512), (0.96, 0.5, 0.5, 0.5))

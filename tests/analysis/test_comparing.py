"""Comparing runs: what differs, what cannot be compared, the same place in training, what was measured."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny, tiny_run

from gan_core.analysis import comparing, curves
from gan_core.analysis.comparing import Compared, Departure
from gan_core.config import RunConfig, with_changes
from gan_core.config.sentences import Catalogue
from gan_core.config.settings import PROJECT_DIR
from gan_core.datasets import DATASETS
from gan_core.datasets.sources.objects24 import OBJECTS
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.figures import imaging
from gan_core.figures.style import COLORS
from gan_core.models.kinds import KINDS
from gan_core.models.objectives import OBJECTIVES
from gan_core.runs import Run, Status, evaluations
from gan_core.runs.evaluations import Evaluation
from gan_core.training import plan


def compared(
    runs_dir: Path, status: Status | None = None, lines: list[dict[str, float]] | None = None, **changes: object
) -> Compared:
    """A run with these lines in its log."""
    run = tiny_run(runs_dir, **changes)
    run.metrics_path.write_text("".join(json.dumps(line) + "\n" for line in lines or []))
    return replace(comparing.read(run), status=status or Status())


def test_only_fields_that_differ_are_named_with_each_value() -> None:
    configs = [tiny(), tiny(training__seed=1), tiny(training__seed=1, network__width=8)]
    assert comparing.differing(configs) == {"network.width": (4, 4, 8), "training.seed": (0, 1, 1)}
    assert comparing.differing([tiny(), tiny()]) == {}


def test_a_preset_s_name_is_no_difference() -> None:
    named = tiny(preset="mnist-dcgan", training__seed=1)
    assert comparing.differing([tiny(), named]) == {"training.seed": (0, 1)}
    assert comparing.distances([tiny(), named, tiny(training__seed=1, network__width=8)]) == {
        (0, 1): 1,
        (0, 2): 2,
        (1, 2): 1,
    }


def test_intervals_that_follow_from_the_number_of_steps_are_no_difference_and_chosen_ones_are() -> None:
    lengths = (600, 1200)
    short, long = (with_changes(tiny(training__max_steps=steps), plan.automatic_intervals(steps)) for steps in lengths)
    assert set(comparing.differing([short, long])) - set(comparing.differing([short, long], lengths)) == {
        "recording.sample_every_steps", "recording.checkpoint_every_steps",
    }  # fmt: skip
    assert set(comparing.differing([short, long], lengths)) == {"training.max_steps"}
    chosen = with_changes(long, {"recording.sample_every_steps": 7})
    assert comparing.differing([short, chosen], lengths)["recording.sample_every_steps"] == (10, 7)
    assert comparing.distances([short, chosen], lengths) == {(0, 1): 2}


def test_live_changes_and_an_early_end_are_departures(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    run.write_status(Status(state="finished", step=20, total_steps=20))
    assert comparing.departures(run) == []
    run.add_event("override", 7, changes={"discriminator_optimizer.learning_rate": 0.1}, before={}, sequence=1)
    run.write_status(Status(state="stopped", step=12, total_steps=20))
    assert comparing.departures(run) == [
        Departure(7, {"discriminator_optimizer.learning_rate": 0.1}), Departure(12, {}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "name", "values"),
    [
        ({"dataset.name": "faces"}, "data", (DATASETS["mnist5k"].title, DATASETS["faces"].title)),
        ({"dataset.image_size": 16}, "size", ("8 px grey", "16 px grey")),
        ({"network.latent_dim": 9}, "latents", ("8", "9")),
        ({"network.name": "vae"}, "model", ("GAN", "VAE")),
        ({"objective.name": "wasserstein"}, "objective", (OBJECTIVES["bce"].title, OBJECTIVES["wasserstein"].title)),
        ({"conditioning.name": "concat", "conditioning.labels": ("0", "1")}, "labels", ("no labels", "0 + 1")),
    ],
)
def test_each_obstacle_says_what_differs_and_what_is_still_shown(changes, name, values) -> None:
    other = comparing.obstacles([tiny(), changed(changes)])
    assert [(obstacle.name, obstacle.values) for obstacle in other] == [(name, values)]
    assert all(value in other[0].said() for value in values)
    assert ";" not in other[0].said()


def test_many_labels_are_shortened_to_the_first_ones_and_values_are_translated() -> None:
    (found,) = comparing.obstacles(
        [
            tiny(),
            changed(
                {
                    "dataset.name": "blocks",
                    "dataset.channels": 3,
                    "dataset.image_size": 8,
                    "conditioning.name": "concat",
                    "conditioning.labels": OBJECTS,
                }
            ),
        ]
    )[2:]
    assert found.name == "labels" and "(no labels, gray cube + red cube + blue cube + green cube + …)" in found.said()
    chinese = Catalogue(PROJECT_DIR / "locales", "zh_TW").text
    assert "無標籤、gray cube + red cube" in found.said(chinese)
    (size,) = comparing.obstacles([tiny(), changed({"dataset.channels": 3})])
    assert "（8 px 灰階、8 px 彩色）" in size.said(chinese)


def changed(changes: dict[str, object]) -> RunConfig:
    """The tiny configuration with these changes."""
    return with_changes(tiny(), changes)


def test_runs_that_differ_only_in_their_training_have_no_obstacle() -> None:
    assert comparing.obstacles([tiny(), tiny(training__batch_size=8, training__epochs=9, training__seed=3)]) == []


def test_pinned_latents_are_the_same_for_one_seed_and_length() -> None:
    assert comparing.same_pinned_latents([tiny(), tiny(network__width=8)])
    assert not comparing.same_pinned_latents([tiny(), tiny(training__seed=1)])
    assert not comparing.same_pinned_latents([tiny(), tiny(network__latent_dim=9)])


def test_axes_are_steps_epochs_images_and_minutes_without_pauses(runs_dir: Path) -> None:
    times = [100.0, 101.0, 102.0, 5000.0, 5001.0]  # a pause of more than an hour
    lines = [
        {"step": i + 1, "epoch": 1, "time": t, "images_seen": 16 * (i + 1), "loss/g": 1.0} for i, t in enumerate(times)
    ]
    one = compared(runs_dir, Status(steps_per_epoch=4), lines)
    assert curves.abscissa(one, "step").tolist() == [1, 2, 3, 4, 5]
    assert curves.abscissa(one, "epoch").tolist() == [0.25, 0.5, 0.75, 1.0, 1.25]
    assert curves.abscissa(one, "images").tolist() == [16, 32, 48, 64, 80]
    assert (curves.abscissa(one, "time") * 60).round(6).tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match=r"Unknown axis 'weight'\. Choose one of: step, epoch"):
        curves.abscissa(one, "weight")


def test_an_empty_log_has_an_axis_and_no_metric(runs_dir: Path) -> None:
    one = compared(runs_dir)
    assert all(len(curves.abscissa(one, axis)) == 0 for axis in curves.AXES)
    assert curves.metrics_of([one]) == {}
    assert comparing.endings(one.columns) == {}


def test_a_damaged_line_is_left_out(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    run.metrics_path.write_text('not json\n{"step": 1, "loss/g": 2.0}\n{"step": 2, "loss/g": "high"}\n')
    assert comparing.read(run).columns["step"].tolist() == [1.0]


def test_a_half_written_line_is_left_out(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    run.metrics_path.write_text('{"step": 1, "loss/g": 2.0}\n{"step": 2, "lo')
    assert comparing.read(run).columns["loss/g"].tolist() == [2.0]


def test_a_metric_is_one_chart_with_a_colour_for_each_run_that_has_it(runs_dir: Path) -> None:
    lines = [{"step": i, "loss/g": float(i)} for i in range(1, 4)]
    runs = [
        compared(runs_dir, lines=lines),
        compared(runs_dir, lines=[{"step": 1, "loss/kl": 1.0}]),
        compared(runs_dir, lines=lines),
    ]
    assert curves.metrics_of(runs) == {"loss/g": [0, 2], "loss/kl": [1]}
    fig = curves.figure("loss/g", runs, ["a", "b", "c"])
    assert [(trace.name, trace.line.color) for trace in fig.data] == [("a", COLORS[0]), ("c", COLORS[2])]
    assert [list(trace.y) for trace in fig.data] == [[1, 2, 3], [1, 2, 3]]
    smooth = curves.figure("loss/g", runs, ["a", "b", "c"], smoothing=0.5)
    assert [trace.showlegend for trace in smooth.data] == [False, None, False, None]


def test_the_same_place_in_training_is_a_share_a_step_or_images(runs_dir: Path) -> None:
    one = compared(runs_dir, Status(total_steps=200))
    assert [curves.step_at(one, "share", share) for share in (0, 0.5, 1)] == [0, 100, 200]
    assert curves.step_at(one, "images", 320) == 20  # batches of 16
    assert curves.step_at(one, "images", 10**9) == 201  # past its end
    assert curves.step_at(one, "step", 7) == 7
    with pytest.raises(ValueError, match="Unknown alignment"):
        curves.step_at(one, "time", 1)


def test_images_seen_are_those_recorded_or_whole_epochs_with_their_short_last_batch(runs_dir: Path) -> None:
    known = Status(total_steps=8, steps_per_epoch=4, num_images=50)  # batches of 16, 16, 16 and 2
    lines = [{"step": 3, "images_seen": 48, "loss/g": 1.0}, {"step": 5, "images_seen": 66, "loss/g": 1.0}]
    counted, recorded = compared(runs_dir, known), compared(runs_dir, Status(total_steps=8), lines)
    assert [curves.images_at(counted, step) for step in (0, 3, 4, 5, 8)] == [0, 48, 50, 66, 100]
    assert [curves.images_at(recorded, step) for step in (0, 3, 5, 6)] == [0, 48, 66, 82]
    assert [curves.step_at(counted, "images", images) for images in (0, 49, 50, 65, 66, 100, 101)] == [
        0, 3, 4, 4, 5, 8, 9,
    ]  # fmt: skip


def test_metrics_measured_afterwards_go_by_their_titles() -> None:
    assert [curves.title_of(name) for name in ("fd", "accuracy/test", "loss/g", "own")] == [
        "Fréchet distance", "Evaluator's accuracy: list test", "Generator's loss", "own",
    ]  # fmt: skip


@pytest.mark.parametrize(("every", "sparse"), [(1, False), (2, False), (3, True), (20, True), (50, True)])
def test_a_curve_of_few_points_among_many_steps_is_sparse(every: int, sparse: bool) -> None:
    values = np.full(60, np.nan)
    values[::every] = 0.5
    assert curves.is_sparse(values) is sparse
    assert not curves.is_sparse(np.full(60, np.nan))


def test_a_sample_is_the_last_drawn_by_then_or_the_first(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    assert comparing.sample_before(run, 5) is None
    for step in (10, 20, 30):
        run.save_sample(step, b"")
    assert [comparing.sample_before(run, step) for step in (5, 10, 29, 99)] == [10, 10, 20, 30]


@pytest.mark.parametrize(("num", "count"), [(64, 16), (20, 16), (17, 5), (9, 16)])
def test_the_first_tiles_of_a_grid_are_the_first_images(num: int, count: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (num, 3, 8, 8), dtype=np.uint8)
    config = tiny(recording__num_samples=num)
    cut = comparing.first_tiles(imaging.grid(images), config, count)
    assert np.array_equal(cut, imaging.grid(images[:count]))
    earlier = imaging.grid(images, columns=math.ceil(math.sqrt(num)))
    assert np.array_equal(comparing.first_tiles(earlier, config, count), cut)


def test_a_grid_of_another_shape_stays_whole() -> None:
    plot = np.zeros((320, 320, 3), np.uint8)
    assert comparing.first_tiles(plot, tiny(recording__num_samples=64), 16) is plot


def test_runs_fall_into_the_cells_of_their_two_settings() -> None:
    configs = [tiny(training__batch_size=b, training__epochs=e) for b, e in ((32, 5), (16, 10), (16, 5), (16, 5))]
    rows, columns, cells = comparing.table(configs, "training.batch_size", "training.epochs")
    assert (rows, columns) == ([16, 32], [5, 10])
    assert cells == {(32, 5): [0], (16, 10): [1], (16, 5): [2, 3]}
    assert comparing.table(configs, "", "training.epochs") == ([""], [5, 10], {("", 5): [0, 2, 3], ("", 10): [1]})


def test_the_newest_measurement_of_each_condition_counts_and_nonsense_is_passed_over(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    line = {
        "metric": "fid",
        "value": 50.0,
        "interval": [45, 55],
        "step": 10,
        "num_samples": 500,
        "extractor": "digits",
        "seed": 0,
    }
    run.add_evaluations(
        [line, line | {"step": 20, "value": 40.0}, line | {"num_samples": 100}, {"metric": "x"}, {"value": 1}, {"metric": "y", "value": "z"},
         {"metric": "bare", "value": 1}]
    )  # fmt: skip
    found = {(m.metric, m.num_samples): m for m in evaluations.latest(run)}
    assert found.keys() == {("fid", 500), ("fid", 100), ("bare", 0)}
    assert found["fid", 500] == Evaluation("fid", 40.0, (45.0, 55.0), 20, 500, "digits", 0)
    assert found["bare", 0] == Evaluation("bare", 1.0, None, 0, 0, "", None)


def test_a_measurement_can_be_tested_against_another() -> None:
    one = Evaluation("fid", 1.5, (1.0, 2.0), 1, 100, "digits", 0)
    assert comparing.estimate_of(one) == Estimate(1.5, 1.0, 2.0, 100, "recorded")
    assert not comparing.estimate_of(replace(one, interval=None)).has_interval


def test_the_end_of_a_curve_is_its_last_values_with_their_range() -> None:
    columns = {"step": np.arange(1000.0), "loss/g": np.concatenate([np.full(900, 77.0), np.arange(100.0)])}
    end = comparing.endings(columns)["loss/g"]
    assert (end.mean, end.low, end.high, end.count) == pytest.approx((49.5, 9.9, 89.1, 100))
    assert comparing.endings(columns).keys() == {"loss/g"}


def test_the_last_step_is_what_is_known(runs_dir: Path) -> None:
    one = compared(runs_dir, lines=[{"step": 7, "loss/g": 1.0}])
    assert comparing.last_step(one) == 7
    Run(one.run.path).save_sample(9, b"")
    assert comparing.last_step(one) == 9
    assert comparing.last_step(replace(one, status=Status(total_steps=50))) == 50


def test_every_metric_that_a_kind_records_has_a_name_for_people() -> None:
    columns = {column for kind in KINDS.values() for column in kind.columns}
    assert [column for column in sorted(columns) if curves.title_of(column) == column] == []

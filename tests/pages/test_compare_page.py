"""Compare: choosing runs, what differs, each view, and runs that cannot be compared."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from helpers import tiny_run

from gan_core.runs import Run
from tests.pages.conftest import Visit, calm, copy_of, labels, plain, words


@pytest.fixture
def pair(trained: Run, runs_dir: Path) -> tuple[Run, Run]:
    """Two runs of one kind; the second has another seed in its configuration."""
    other = copy_of(trained.path, runs_dir, "other", "Other one")
    config = json.loads((other.path / "config.json").read_text())
    config["training"]["seed"] = 1
    (other.path / "config.json").write_text(json.dumps(config))
    trained.describe(name="First one")
    return trained, other


def both(pair: tuple[Run, Run]) -> str:
    return ",".join(run.id for run in pair)


def drawn(app, beginning: str) -> list[str]:
    """The keys of the elements that begin so."""
    return [key for key in (str(getattr(element, "key", "")) for element in app.main) if key.startswith(beginning)]


def test_without_runs_it_leads_to_training(visit: Visit) -> None:
    app = visit("compare")
    assert "It takes two runs to compare" in words(app)
    assert "Train a model" in labels(app)


def test_nothing_chosen_offers_pairs_and_a_click_takes_one(visit: Visit, pair: tuple[Run, Run]) -> None:
    app = visit("compare")
    assert "Choose at least two runs above" in words(app)
    assert "a pair of the same data that differs in 1 setting:" in words(app)
    offered = [button for button in app.button if str(button.key).startswith("compare_pair_")]
    assert {offered[0].label} <= {"First one and Other one", "Other one and First one"}
    app = calm(offered[0].click().run())
    assert set(app.multiselect(key="compare_runs").value) == {run.id for run in pair}
    assert set(app.query_params["runs"].split(",")) == {run.id for run in pair}


def test_pairs_are_those_of_the_fewest_differing_settings_with_whole_names(
    visit: Visit, pair: tuple[Run, Run], runs_dir: Path
) -> None:
    long = "A name that is longer than forty characters, and more"
    third = copy_of(pair[1].path, runs_dir, "third", long)
    config = json.loads((third.path / "config.json").read_text())
    config["training"]["epochs"] += 1
    (third.path / "config.json").write_text(json.dumps(config))
    tiny_run(runs_dir, "Points", dataset__name="ring8", network__name="mlp", network__latent_dim=2)
    app = visit("compare")
    offered = [button.label for button in app.button if str(button.key).startswith("compare_pair_")]
    assert len(offered) == 2  # seeds of First and Other, epochs of Other and third; First and third differ in both
    shown = plain(" ".join(offered))
    assert long in shown
    assert "Points" not in shown
    app = visit("compare", runs=pair[0].id)
    assert [b.label for b in app.button if "pair" in str(b.key)] in (
        ["First one and Other one"],
        ["Other one and First one"],
    )


def test_runs_from_the_address_show_their_difference_and_curves(visit: Visit, pair: tuple[Run, Run]) -> None:
    app = visit("compare", runs=both(pair))
    assert app.multiselect(key="compare_runs").value == [run.id for run in pair]
    assert "1 setting differs: Seed" in words(app)
    app = visit("compare", runs=both(pair), view="settings")
    rows = app.dataframe[0].value.to_dict("records")
    assert [(row["setting"], row["First one"], row["Other one"]) for row in rows] == [("Seed", "0", "1")]
    assert not app.warning
    app = visit("compare", runs=both(pair), view="curves")
    assert app.multiselect(key="compare_metrics").value == ["loss/g", "loss/d"]
    assert drawn(app, "compare_plot_") == ["compare_plot_loss/g", "compare_plot_loss/d"]
    app = calm(app.selectbox(key="compare_axis").set_value("images").run())
    assert app.query_params["axis"] == "images"


def test_the_choice_survives_a_new_run(visit: Visit, pair: tuple[Run, Run], runs_dir: Path) -> None:
    app = visit("compare", runs=both(pair))
    copy_of(pair[0].path, runs_dir, "newest", "Newest")
    app = calm(app.run())
    assert app.multiselect(key="compare_runs").value == [run.id for run in pair]
    app = calm(app.multiselect(key="compare_runs").set_value([pair[1].id, "newest"]).run())
    assert app.query_params["runs"] == f"{pair[1].id},newest"


def test_what_the_address_names_and_is_not_here_is_said(visit: Visit, pair: tuple[Run, Run]) -> None:
    app = visit("compare", runs=f"{pair[0].id},[x](http://evil.example)")
    (warning,) = app.warning
    assert "Not here, and left out" in warning.value
    assert "](" not in warning.value
    assert "Choose one more run." in words(app)


def test_runs_of_other_data_are_a_sentence_and_are_still_shown(
    visit: Visit, pair: tuple[Run, Run], runs_dir: Path
) -> None:
    other = tiny_run(runs_dir, "Points", dataset__name="ring8", network__name="mlp", network__latent_dim=2)
    app = visit("compare", runs=f"{pair[0].id},{other.id}", view="curves")
    (warning,) = app.warning
    assert "They were trained on different data" in warning.value
    assert "curves and images are shown" in warning.value
    assert app.multiselect(key="compare_metrics").value == ["loss/g", "loss/d"]
    app = visit("compare", runs=f"{pair[0].id},{other.id}", view="fresh")
    assert "No z fits all of these runs" in words(app)


def test_recorded_pictures_stand_side_by_side_at_a_share_of_training(visit: Visit, pair: tuple[Run, Run]) -> None:
    app = visit("compare", runs=both(pair), view="pictures")
    assert drawn(app, "compare_picture_") == [f"compare_picture_{run.id}" for run in pair]
    assert "another z in each run" in words(app)
    app = calm(app.slider(key="compare_share").set_value(0).run())
    app = calm(app.selectbox(key="compare_alignment").set_value("images").run())
    assert app.slider(key="compare_images").max == 20 * 16
    app = calm(app.selectbox(key="compare_alignment").set_value("step").run())
    assert app.slider(key="compare_step").value == 20


def test_several_runs_are_reported_on_together(visit: Visit, pair: tuple[Run, Run]) -> None:
    app = visit("compare", runs=both(pair), view="report")
    key = "report_" + "_".join(run.id for run in pair)
    assert app.selectbox(key=f"{key}_template").value == "plain"
    assert f"report {pair[0].id} {pair[1].id} --out" in words(app)


def test_new_pictures_come_from_one_seed(visit: Visit, pair: tuple[Run, Run]) -> None:
    app = visit("compare", runs=both(pair), view="fresh")
    assert drawn(app, "compare_fresh_") == [f"compare_fresh_{run.id}" for run in pair]
    shutil.rmtree(pair[1].checkpoints_dir)
    app = calm(app.number_input(key="compare_seed").set_value(3).run())
    assert "No checkpoint yet." in words(app)
    assert drawn(app, "compare_fresh_") == [f"compare_fresh_{pair[0].id}"]


def test_measurements_come_with_conditions_and_a_verdict(visit: Visit, pair: tuple[Run, Run]) -> None:
    app = visit("compare", runs=both(pair), view="numbers")
    assert "Nothing was measured" in words(app)
    assert "Measure now" in labels(app)
    ends = app.dataframe[-1].value.to_dict("records")
    assert ends[0]["metric"] == "Generator's loss"
    assert ends[0]["First one"] == ends[0]["Other one"]
    line = {"metric": "fd", "value": 40.0, "step": 20, "num_samples": 500, "extractor": "digits", "seed": 0}
    pair[0].add_evaluations([line | {"interval": [35, 45]}])
    pair[1].add_evaluations([line | {"value": 47.0, "interval": [37, 57]}])
    app = calm(app.run())
    rows = next(frame.value.to_dict("records") for frame in app.dataframe if "extractor" in frame.value.columns)
    assert [(row["metric"], row["run"], row["interval"], row["images"]) for row in rows] == [
        ("Fréchet distance", "First one", "35 to 45", "500"),
        ("Fréchet distance", "Other one", "37 to 57", "500"),
    ]
    for run in pair:
        run.add_evaluations([line | {"metric": "kd", "value": 1.5, "interval": [1, 2]}])
    app = calm(app.run())
    assert words(app).count("They may still differ") == 1
    assert "**Fréchet distance, Kernel distance**: no significant difference between these runs" in words(app)
    pair[1].add_evaluations([line | {"value": 53.0, "interval": [45, 61]}])
    app = calm(app.run())
    assert "**Fréchet distance** differs significantly: “First one” and “Other one”." in words(app)
    assert "**Kernel distance**: no significant difference between these runs" in words(app)
    assert "after Holm's correction for 2 tests" in words(app)


def test_two_gans_of_the_same_pictures_can_be_measured_against_each_other(
    visit: Visit, pair: tuple[Run, Run], runs_dir: Path
) -> None:
    assert "collapse_measure" in {b.key for b in visit("compare", runs=both(pair), view="numbers").button}
    other = tiny_run(runs_dir, "Points", dataset__name="ring8", network__name="mlp", network__latent_dim=2)
    app = visit("compare", runs=f"{pair[0].id},{other.id}", view="numbers")
    assert "collapse_measure" not in {button.key for button in app.button}


def test_a_table_of_two_settings_has_each_run_in_its_cell(visit: Visit, pair: tuple[Run, Run]) -> None:
    app = visit("compare", runs=both(pair), view="table")
    assert app.selectbox(key="compare_rows").value == "training.seed"
    assert drawn(app, "compare_cell_") == [f"compare_cell_{run.id}" for run in pair]
    assert "Seed, down" in words(app)
    app = calm(app.selectbox(key="compare_columns").set_value("training.seed").run())
    assert "Choose two different settings" in words(app)


def test_a_damaged_run_is_a_sentence_and_the_others_go_on(visit: Visit, pair: tuple[Run, Run], runs_dir: Path) -> None:
    broken = copy_of(pair[0].path, runs_dir, "broken", "[Broken](x)")
    broken.metrics_path.write_text("no json\n")
    app = visit("compare", runs=f"{both(pair)},broken", view="curves")
    (warning,) = app.warning
    assert "1 damaged line" in warning.value
    assert "](" not in warning.value
    assert drawn(app, "compare_plot_") == ["compare_plot_loss/g", "compare_plot_loss/d"]
    broken.path.joinpath("config.json").write_text("no json")
    assert "At least two runs that can be read" in words(visit("compare", runs=f"{pair[0].id},broken"))


def test_a_run_that_is_deleted_meanwhile_leaves_the_choice(visit: Visit, pair: tuple[Run, Run], runs_dir: Path) -> None:
    third = copy_of(pair[0].path, runs_dir, "third", "Third")
    app = visit("compare", runs=f"{both(pair)},third", view="curves")
    shutil.rmtree(third.path)
    app = calm(app.run())
    assert app.multiselect(key="compare_runs").value == [run.id for run in pair]
    assert drawn(app, "compare_plot_") == ["compare_plot_loss/g", "compare_plot_loss/d"]

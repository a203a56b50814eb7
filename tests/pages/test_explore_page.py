"""Explore: nothing yet, a model, damaged models, and links that open the same view."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import tiny_run
from streamlit.testing.v1 import AppTest

from gan_core.runs import Run
from gan_core.training import supervisor
from tests.pages.conftest import Visit, calm, copy_of, labels, plain, words


def test_without_a_model_it_leads_to_training(visit: Visit, runs_dir: Path) -> None:
    tiny_run(runs_dir)  # not trained: nothing to explore
    app = visit("run", tab="explore")
    assert "There is no run yet that can be shown here" in words(app)
    assert labels(app) == ["Train a model"]
    calm(app.button(key="run_train").click().run())
    assert app.title[0].value == "Train a model"


def test_the_newest_model_and_checkpoint_come_first(visit: Visit, trained: Run) -> None:
    app = visit("run", tab="explore")
    assert app.selectbox(key="run_shown").value == trained.id
    assert app.selectbox(key=f"explore_step_{trained.id}").value == 20
    assert app.selectbox(key=f"explore_step_{trained.id}").options[-1] == "step 0"
    assert [e.key for e in app.main if str(getattr(e, "key", "")).startswith("explore_walk")] == ["explore_walk_pca"]
    assert [button.label for button in app.download_button] == [
        "Download this picture (PNG)",
        "Download the neighbours (PNG)",
    ]


def test_a_link_opens_run_checkpoint_and_view(visit: Visit, trained_once: Path, runs_dir: Path) -> None:
    for name in "abc":
        copy_of(trained_once, runs_dir, f"run-{name}", f"Model {name}")
    app = visit("run", tab="explore", run="run-b", step="10", view="morph")
    assert app.selectbox(key="run_shown").value == "run-b"
    assert app.selectbox(key="explore_step_run-b").value == 10
    assert {"From seed", "To seed"} <= {widget.label for widget in app.number_input}


@pytest.mark.parametrize(
    "query", [{"step": "7"}, {"step": "x"}, {"view": "no"}, {"explore_seed": "-5"}, {"explore_seed": "a"}]
)
def test_senseless_links_open_the_default(visit: Visit, trained: Run, query: dict[str, str]) -> None:
    app = visit("run", tab="explore", run=trained.id, **query)
    assert app.selectbox(key=f"explore_step_{trained.id}").value == 20
    assert not app.error


def test_an_unknown_model_in_a_link_is_a_sentence_and_stays_text(visit: Visit, trained: Run) -> None:
    (warning,) = visit("run", tab="explore", run="[click](http://evil.example)").warning
    assert "](" not in warning.value
    assert "There is no run “[click](http://evil.example)” here" in plain(warning.value)


def test_models_of_one_name_can_be_told_apart(visit: Visit, trained_once: Path, runs_dir: Path) -> None:
    for name in "ab":
        copy_of(trained_once, runs_dir, f"run-{name}", "Digits")
    app = visit("run", tab="explore", run="run-a")
    box = app.selectbox(key="run_shown")
    assert sorted(box.options) == ["Digits (run-a)", "Digits (run-b)"]
    for wanted in ("run-b", "run-a"):
        calm(box.select_index(box.options.index(f"Digits ({wanted})")).run())
        assert app.query_params["run"] == wanted
        box = app.selectbox(key="run_shown")


def test_a_model_renamed_or_deleted_meanwhile_breaks_nothing(visit: Visit, trained_once: Path, runs_dir: Path) -> None:
    first, second = [copy_of(trained_once, runs_dir, f"run-{name}", f"Model {name}") for name in "ab"]
    app = visit("run", tab="explore")
    calm(app.selectbox(key="run_shown").select("run-a").run())
    first.describe(name="Another name")
    calm(app.run())
    assert "Another name" in app.selectbox(key="run_shown").options
    supervisor.delete(first)
    calm(app.run())
    assert app.selectbox(key="run_shown").value == second.id


def test_a_chosen_model_is_there_again_and_the_newest_if_none_was_chosen(
    visit: Visit, trained_once: Path, runs_dir: Path
) -> None:
    def leave_and_return(app: AppTest) -> AppTest:
        calm(app.switch_page("pages/home.py").run())
        app.switch_page("pages/run.py")
        app.query_params["tab"] = "explore"
        return calm(app.run())

    for name in "ab":
        copy_of(trained_once, runs_dir, f"run-{name}", f"Model {name}")
    app = leave_and_return(visit("run", tab="explore"))
    assert "run" not in app.query_params
    newest = app.selectbox(key="run_shown").value
    (other,) = {"run-a", "run-b"} - {newest}
    calm(app.selectbox(key="run_shown").select(other).run())
    app = leave_and_return(app)
    assert app.selectbox(key="run_shown").value == other
    assert app.query_params["run"] in (other, [other])  # so that a copied address opens it for others
    assert visit("run", tab="explore").selectbox(key="run_shown").value == newest  # another visitor


def test_an_address_that_changed_wins_over_what_was_chosen_before(visit: Visit, trained: Run) -> None:
    def views(app: AppTest):
        return next(c for c in app.segmented_control if str(c.key).startswith("explore_view_"))

    app = visit("run", tab="explore", run=trained.id)
    calm(views(app).set_value("morph").run())
    assert app.query_params["view"] in ("morph", ["morph"])
    app.query_params["view"] = "sheet"  # Back, say
    assert views(calm(app.run())).value == "sheet"
    del app.query_params["view"]
    assert views(calm(app.run())).value == "sliders"
    calm(app.segmented_control(key="run_tab").set_value("replay").run())
    assert set(app.query_params) == {"run", "tab"}


def test_another_seed_and_other_directions(visit: Visit, trained: Run) -> None:
    app = visit("run", tab="explore")
    calm(app.button(key="explore_another").click().run())
    assert app.number_input(key="explore_seed").value == 1
    calm(app.button_group(key="explore_kind").set_value("raw").run())
    assert [e.key for e in app.main if str(getattr(e, "key", "")).startswith("explore_walk")] == ["explore_walk_raw"]


@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "flipped"])
def test_a_damaged_checkpoint_is_one_sentence(visit: Visit, trained: Run, damage: str) -> None:
    newest = trained.checkpoint_steps()[-1]
    for file in (trained.checkpoints_dir / f"step-{newest:08d}").glob("*.safetensors"):
        content = file.read_bytes()
        middle = len(content) // 2
        if damage == "gone":
            file.unlink()
        else:
            flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
            file.write_bytes({"cut": content[:100], "empty": b"", "flipped": flipped}[damage])
    app = visit("run", tab="explore", run=trained.id)
    (error,) = app.error
    assert plain(error.value).endswith(".")
    assert str(newest) in plain(error.value) or "generator" in plain(error.value)
    calm(app.selectbox(key=f"explore_step_{trained.id}").select(15).run())
    assert not app.error


def test_a_model_with_a_damaged_configuration_is_one_sentence(visit: Visit, trained: Run) -> None:
    (trained.path / "config.json").write_text("{}{")
    (error,) = visit("run", tab="explore", run=trained.id).error
    assert plain(error.value)


def test_a_sample_sheet_has_as_many_as_chosen_and_no_hole(visit: Visit, trained: Run) -> None:
    app = visit("run", tab="explore", run=trained.id, view="sheet")
    assert any("32 samples at step 20, seed 0" in str(e.proto) for e in app.main if hasattr(e, "proto"))
    assert app.selectbox(key="explore_sheet_columns_32").value == 8
    calm(app.segmented_control(key="explore_sheet_count").set_value(20).run())
    assert app.selectbox(key="explore_sheet_columns_20").value == 5
    assert app.selectbox(key="explore_sheet_columns_20").options == ["2", "4", "5", "10", "20"]
    assert [b.label for b in app.download_button] == ["Download the sheet (PNG)", "Download all pictures (zip)"]

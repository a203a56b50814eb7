"""Runs: find, rename, note, delete; whatever people type stays text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers import tiny_run
from streamlit.testing.v1 import AppTest

from gan_core import runs
from gan_core.access import bin
from gan_core.runs import Run
from tests.pages.conftest import Visit, calm, copy_of, labels, plain, words

HOSTILE = (
    "<script>alert(1)</script>",
    "[click me](http://evil.example)",
    "![x](http://evil.example/p.png)",
    "**bold** :red[red] $x^2$ `code`",
    ":material/home: :smile:",
    "# heading\u2028- item",
    "w" * 80,
    "名前 🎨 \u202ereversed",
)


def row(app: AppTest, run: Run, action: str):
    return app.button(key=f"runs_{run.id}_{action}")


def tick(app: AppTest, *chosen: Run) -> None:
    for run in chosen:
        app.checkbox(key=f"runs_tick_{run.id}").set_value(True)
    calm(app.run())


def answer(app: AppTest, choice: str) -> None:
    """Presses Delete, then a button of the question. AppTest reruns the whole script, so both are pressed in one rerun."""
    calm(app.button(key="runs_delete").click().run())
    app.button(key="runs_delete").click()
    calm(app.button(key=f"runs_delete_{choice}").click().run())


def test_without_runs_it_explains_and_leads_on(visit: Visit) -> None:
    app = visit("runs")
    assert "A **run** is one training from start to end" in words(app)
    assert labels(app) == ["Train a model"]
    calm(app.button(key="runs_train").click().run())
    assert app.title[0].value == "Train a model"


def test_a_row_says_what_the_run_is(visit: Visit, trained: Run) -> None:
    text = words(visit("runs"))
    assert trained.name in text
    assert "finished" in text
    assert "16x16 px · batch 16 · 5 epochs · seed 0" in text
    assert "step 20 of 20" in text


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_name_holds_stays_text(visit: Visit, trained: Run, name: str) -> None:
    """As text where it stands alone; escaped where Streamlit reads Markdown (the sidebar, sentences)."""
    trained.describe(name=name, note=name)
    name = trained.name  # in one line, without marks that turn the text around
    for page in ("home", "runs", "run"):
        trained.write_status(runs.Status(state="running", device="cpu", total_steps=20))  # a fresh heartbeat
        app = visit(page, run=trained.id) if page == "run" else visit(page)
        told = [plain(app.title[0].value)] if page == "run" else [text.value for text in app.text]
        assert name in told
        kinds = ("markdown", "caption", "subheader", "info", "warning", "error")
        assert not [element for kind in kinds for element in app.get(kind) if name in str(element.value)]
        link = next(e for e in app.sidebar if e.type == "page_link").proto.label
        assert plain(link) == (name if len(name) <= 40 else f"{name[:39]}…")
        assert not re.search(r"[!-/;-@\[-`{-~]|:[\w/+-]+:", re.sub(r"\\[!-~]", "", link))  # nothing is left unescaped


def test_find_by_name_or_preset(visit: Visit, trained_once: Path, runs_dir: Path) -> None:
    for name in ("wide", "narrow", "WIDE again"):
        copy_of(trained_once, runs_dir, name.lower().replace(" ", "-"), name)
    app = visit("runs")
    calm(app.text_input(key="runs_find").set_value("Wide").run())
    assert sorted(text.value for text in app.text) == ["WIDE again", "wide"]
    calm(app.text_input(key="runs_find").set_value("[x](http://evil.example)").run())
    (caption,) = app.main.caption
    assert "](" not in caption.value
    assert plain(caption.value) == "No run has “[x](http://evil.example)” in its name."
    assert [text.value for text in visit("runs", runs_find="narrow").text] == ["narrow"]


def test_many_runs_come_in_pages(visit: Visit, trained_once: Path, runs_dir: Path) -> None:
    for number in range(14):
        copy_of(trained_once, runs_dir, f"run-{number}", f"Number {number}")
    app = visit("runs")
    assert len(app.text) == 12
    calm(app.number_input(key="runs_page").set_value(2).run())
    assert len(app.text) == 2


def test_delete_asks_first(visit: Visit, trained: Run, trained_once: Path, runs_dir: Path) -> None:
    other = copy_of(trained_once, runs_dir, "other", "Other")
    app = visit("runs")
    tick(app, trained)
    calm(app.button(key="runs_delete").click().run())
    assert "can be taken back for 7 days" in words(app)
    assert trained.path.is_dir()
    answer(app, "no")
    assert trained.path.is_dir()
    answer(app, "yes")
    assert [run.id for run in runs.list_runs(runs_dir)] == [other.id]
    assert [box.key for box in app.checkbox] == [f"runs_tick_{other.id}"]
    assert not trained.path.exists()


def test_the_bin_is_emptied_of_what_is_ones_own(visit: Visit, trained_once: Path, runs_dir: Path) -> None:
    for name in "ab":
        copy_of(trained_once, runs_dir, f"run-{name}", f"Model {name}").delete()
    bens = copy_of(trained_once, runs_dir, "bens", "Ben's")
    bin.discard(bens.path, name="Ben's", owner="ben")
    app = visit("runs")
    calm(app.button(key="runs_bin_empty").click().run())
    assert [thing.name for thing in bin.binned(runs_dir)] == ["Ben's"]
    assert "runs_bin_empty" not in [button.key for button in app.button]


def test_a_training_run_cannot_be_deleted(visit: Visit, trained: Run) -> None:
    app = visit("runs")
    tick(app, trained)
    with trained.lock():
        answer(app, "yes")
    (error,) = app.error
    assert "Stop it before you delete it." in plain(error.value)
    assert trained.path.is_dir()


def test_a_run_deleted_elsewhere_breaks_nothing(visit: Visit, trained_once: Path, runs_dir: Path) -> None:
    first, second = [copy_of(trained_once, runs_dir, f"run-{name}", f"Model {name}") for name in "ab"]
    app = visit("runs")
    first.delete()
    tick(app, first)
    assert [text.value for text in app.text] == [second.name]


def test_watch_and_explore_lead_to_the_run(visit: Visit, trained: Run) -> None:
    app = visit("runs")
    calm(row(app, trained, "watch").click().run())
    assert app.query_params["run"] == trained.id
    assert plain(app.title[0].value) == trained.name


def test_a_damaged_run_is_named_and_the_others_stay(visit: Visit, trained: Run, runs_dir: Path) -> None:
    broken = tiny_run(runs_dir, "broken")
    (broken.path / "config.json").write_text("[1, 2")
    text = words(visit("runs"))
    assert "broken" in text
    assert trained.name in text

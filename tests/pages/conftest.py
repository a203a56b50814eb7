"""Pages run for real through app.py, with nothing behind them that trains: the queue stays as it is, the machine is known."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from helpers import MACHINE, tiny_run
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest
from typer.core import TyperGroup
from typer.main import get_command

from gan_core.cli import main
from gan_core.config import settings
from gan_core.runs import Run
from gan_core.training import loop, supervisor
from pages.components.shared import as_command

ROOT = Path(__file__).resolve().parents[2]
Visit = Callable[..., AppTest]


class RoutedPages(PagesManager):
    """A server on which app.py ran before. AppTest makes a new one for every rerun, which would pass by app.py."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        PagesManager.uses_pages_directory = False


@pytest.fixture(autouse=True)
def lab(own_folders: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh server's memory, and no supervisors: they would start a process that imports torch."""
    st.cache_resource.clear()
    st.cache_data.clear()
    monkeypatch.setattr("streamlit.testing.v1.app_test.PagesManager", RoutedPages)
    monkeypatch.setattr(supervisor, "ensure_supervisors", lambda chosen: None)
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Place -> the commands that the pages show there, as words after `python -m gan_core`; the command line must know each."""
    shown: dict[str, list[list[str]]] = {}
    usual = as_command.show

    def show(place: str, lines: Sequence[str]) -> None:
        shown[place] = [parsed(line) for line in lines]
        usual(place, lines)

    monkeypatch.setattr(as_command, "show", show)
    return shown


def parsed(line: str) -> list[str]:
    """The words of a command after `python -m gan_core`, found by the command line's own parser to be without a fault."""
    program, words = shlex.split(line)[:3], shlex.split(line)[3:]
    assert program == ["python", "-m", "gan_core"]
    group = get_command(main.app)
    assert isinstance(group, TyperGroup) and words[0] in group.commands, line
    group.commands[words[0]].make_context(words[0], words[1:])
    return words


@pytest.fixture
def visit() -> Visit:
    """Opens a page as a visitor does: `visit("train", run="some-id")`. A page that raises is a failure."""

    def open_page(page: str = "home", **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
        if (ROOT / "pages" / f"{page}.py").is_file():
            app.switch_page(f"pages/{page}.py")
        else:  # an earlier address: as `lab.enter` and app.py pass them on
            query["page"] = page
        for name, value in query.items():
            app.query_params[name] = value
        return calm(app.run())

    return open_page


def calm(app: AppTest) -> AppTest:
    """The same app, which must not have raised."""
    assert not app.exception, [exception.message for exception in app.exception]
    return app


def panel(app: AppTest, run: Run, name: str) -> AppTest:
    """The page of a run with what its menu opens."""
    app.session_state["run_panel"] = run.id, name
    return calm(app.run())


def words(app: AppTest) -> str:
    """Everything that is read on the page, one element a line."""
    kinds = ("title", "subheader", "markdown", "caption", "text", "info", "warning", "error", "code")
    return "\n".join(plain(str(element.value)) for kind in kinds for element in app.get(kind))


def plain(markdown: str) -> str:
    """Markdown without its escapes."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace("\u2060", "")


def labels(app: AppTest) -> list[str]:
    """The buttons that can be pressed."""
    return [button.label for button in app.button if not button.disabled]


def run_folders() -> list[Path]:
    """Everything in the runs folder that is a run or was to become one."""
    place = settings.runs_dir()
    return [entry for entry in place.iterdir() if entry.is_dir() and entry.name != ".queue"] if place.is_dir() else []


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """A real run of 20 steps at 16 px, finished."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        run = tiny_run(
            tmp_path_factory.mktemp("trained"), dataset__image_size=16, dataset__num_images=64, training__epochs=5
        )
        assert loop.train(run).state == "finished"
    return run.path


@pytest.fixture
def trained(trained_once: Path, runs_dir: Path) -> Run:
    """A copy of it in this test's runs folder."""
    return copy_of(trained_once, runs_dir, trained_once.name)


def copy_of(source: Path, runs_dir: Path, run_id: str, name: str = "") -> Run:
    """Another run with the same content."""
    run = Run(runs_dir / run_id)
    shutil.copytree(source, run.path)
    if name:
        run.describe(name=name)
    return run

"""Home: empty, with runs, and the one button."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import MACHINE

from gan_core import runs
from gan_core.config import settings
from gan_core.runs import Run
from gan_core.training import queue, supervisor
from tests.pages.conftest import Visit, calm, copy_of, labels, words


def test_home_without_runs_offers_exactly_one_button(visit: Visit) -> None:
    home = visit("home")
    assert labels(home) == ["Train on digits now"]
    assert "Newest runs" not in words(home)
    assert "What to try next" not in words(home)  # nothing to walk through yet


def test_the_sidebar_names_the_device_or_says_that_it_starts(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Trains on: CPU" in [caption.value for caption in visit("home").sidebar.caption]
    monkeypatch.setattr(supervisor, "machine", lambda chosen: None)
    assert "Trains on: starting…" in [caption.value for caption in visit("home").sidebar.caption]


def test_the_button_queues_the_default_and_leads_to_it(visit: Visit, runs_dir: Path) -> None:
    home = visit("home")
    calm(home.button(key="home_train").click().run())
    (run,) = runs.list_runs(runs_dir)
    assert run.config().preset == "mnist-dcgan"
    assert run.config().training.device == "cpu"
    assert queue.queued_ids(runs_dir) == [run.id]
    assert home.query_params["run"] == run.id
    assert run.name in words(home)


def test_home_shows_the_newest_four_runs(visit: Visit, trained_once: Path, runs_dir: Path) -> None:
    made = [copy_of(trained_once, runs_dir, f"run-{number}", f"Number {number}") for number in range(5)]
    for age, run in enumerate(reversed(made)):
        config = run.path / "config.json"
        config.write_bytes(config.read_bytes())
        _set_age(config, age)
    home = visit("home")
    text = words(home)
    assert [name for name in (run.name for run in made) if name in text] == [f"Number {n}" for n in (1, 2, 3, 4)]
    assert next(button.key for button in home.button if button.label == "Explore") == "home_run-4_explore"
    calm(home.button(key="home_run-4_explore").click().run())
    assert home.query_params["run"] == "run-4"
    assert home.query_params["tab"] in ("explore", ["explore"])
    assert home.title[0].value == "Number 4"


def test_four_ready_made_models_are_shown_and_a_link_leads_to_all(
    visit: Visit, trained_once: Path, runs_dir: Path
) -> None:
    made = [copy_of(trained_once, runs_dir, f"ready-{number}", f"Ready {number}").path for number in range(5)]
    settings.pretrained_dir().mkdir()
    for path in made[:4]:
        path.rename(settings.pretrained_dir() / path.name)
    made[4].rename(runs_dir.with_name("kept"))
    home = visit("home")
    assert [n for n in range(4) if f"Ready {n}" in words(home)] == [0, 1, 2, 3]
    assert not [link for link in home.get("page_link") if "ready-made models" in link.proto.label]
    runs_dir.with_name("kept").rename(settings.pretrained_dir() / made[4].name)
    home = visit("home")
    assert "Ready 3" in words(home) and "Ready 4" not in words(home)
    (link,) = [link.proto for link in home.get("page_link") if link.proto.label == "All 5 ready-made models"]
    assert (link.page, link.query_string) == ("runs", "tab=ready")


def test_a_run_without_a_picture_is_shown_all_the_same(visit: Visit) -> None:
    run = supervisor.submit(settings.from_environment(), _default_config(), "just begun")
    home = visit("home")
    assert run.name in words(home)
    assert "waiting" in words(home)


@pytest.mark.parametrize("file", ["status.json", "about.json", "control.json"])
def test_a_damaged_file_does_not_take_home_down(visit: Visit, trained: Run, file: str) -> None:
    (trained.path / file).write_text('{"torn":')
    for page in ("home", "runs", "explore"):
        assert trained.name in words(visit(page)) or page == "explore"


def _default_config():
    from gan_core.presets import DEFAULT, PRESETS

    assert MACHINE.devices == ("cpu",)
    return PRESETS[DEFAULT].config


def _set_age(path: Path, seconds: int) -> None:
    import os

    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns - seconds * 10**9))

"""Every setting is checked before a server starts, and refused in a sentence that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_core.config import settings


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting in the environment but those of a test."""
    for name in settings.SETTINGS:
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_are_valid() -> None:
    assert settings.check() == []


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("GANVAS_PLACE", "vm", "must be one of: process, thread, slurm; got 'vm'"),
        ("GANVAS_HUB_SILENCE_S", "soon", "must be a number of seconds above 0; got 'soon'"),
        ("GANVAS_HUB_TOTAL_S", "-1", "must be a number of seconds above 0; got '-1'"),
        ("GANVAS_HUB_TOTAL_S", "inf", "must be a number of seconds above 0; got 'inf'"),
        ("GANVAS_LANG", "../../etc", "must be a language such as en or zh_TW"),
        ("GANVAS_RUNS_DIR", __file__, "must name a folder; .* is a file. Name a folder, or move the file"),
        ("GANVAS_CLASSROOM", str(Path(__file__).parent), "must name a file; .* is a folder. Add the file's name to it"),
    ],
)
def test_a_setting_that_is_not_valid_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"{name} {sentence}"):
        settings.check()


def test_a_misspelt_setting_is_named_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_RUN_DIR", "here")
    (warning,) = settings.check()
    assert "GANVAS_RUN_DIR is no setting" in warning and "Did you mean GANVAS_RUNS_DIR?" in warning


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_RUNS_DIR", "")
    assert settings.runs_dir() == settings.PROJECT_DIR / "checkpoints" / "runs"

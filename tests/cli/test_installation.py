"""`ganvas settings`: every setting with its value and its source; no secret among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gan_core.cli.main import app
from gan_core.config.settings import APP_DIR, SETTINGS


def listed() -> dict[str, dict[str, str]]:
    done = CliRunner().invoke(app, ["settings", "--json"], catch_exceptions=False)
    return {row["name"]: row for row in json.loads(done.stdout)}


def test_every_setting_has_its_value_and_its_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GANVAS_RUNS_DIR", str(tmp_path / "mine"))
    monkeypatch.delenv("GANVAS_PLACE", raising=False)
    monkeypatch.setenv("STREAMLIT_SERVER_MAX_UPLOAD_SIZE", "7")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    rows = listed()
    assert rows.keys() >= SETTINGS.keys()
    assert (rows["GANVAS_RUNS_DIR"]["value"], rows["GANVAS_RUNS_DIR"]["source"]) == (
        str(tmp_path / "mine"),
        "environment",
    )
    assert (rows["GANVAS_PLACE"]["value"], rows["GANVAS_PLACE"]["source"]) == ("process", "default")
    assert (rows["server.maxUploadSize"]["value"], rows["server.maxUploadSize"]["source"]) == ("7", "environment")
    assert rows["server.address"]["value"] == "127.0.0.1"
    assert rows["server.address"]["source"] == str(APP_DIR / ".streamlit" / "config.toml")
    assert rows["HF_TOKEN"]["value"] == "set" and "hf_secret" not in json.dumps(rows)


def test_a_setting_that_is_not_valid_is_listed_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_CACHE_DIR", "~nobody-of-this-name/cache")
    done = CliRunner().invoke(app, ["settings"])
    assert "~nobody-of-this-name/cache" in done.stdout
    assert isinstance(done.exception, ValueError) and "cannot be found" in str(done.exception)

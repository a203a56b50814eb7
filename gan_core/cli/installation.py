"""`ganvas` starts the app; `ganvas settings` says what this installation is set to, and where each value comes from."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from gan_core.cli.terminal import AsJson, show_rows
from gan_core.config import read_bounded, settings
from gan_core.hub import source_of_login

SERVER = {"address": "localhost", "port": "8501", "allowedHosts": "", "maxUploadSize": "200", "baseUrlPath": ""}
"""Streamlit's settings that decide who reaches the app, with Streamlit's defaults."""


def start(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(help="Port of the app; 8501 if not given.", min=1, max=65535)] = None,
    address: Annotated[
        str, typer.Option(help="Address the app listens on; without it, only this computer reaches the app.")
    ] = "",
    headless: Annotated[bool, typer.Option("--headless", help="Do not open a browser.")] = False,
) -> None:
    """Ganvas: a classroom for generative image models. Without a command, the app starts. Runs of these commands appear in it."""
    if context.invoked_subcommand is not None:
        return
    options = {"port": port, "address": address or None, "headless": "true" if headless else None}
    told = [f"--server.{name}={value}" for name, value in options.items() if value is not None]
    sys.stdout.flush()
    app = str(settings.APP_DIR / "app.py")
    os.execv(sys.executable, [sys.executable, "-P", "-m", "streamlit", "run", app, *told])


def list_settings(as_json: AsJson = False) -> None:
    """List the settings of this installation, each with its value and where that comes from, and check them."""
    rows = [
        {"name": name, "value": _shown(name), "source": "environment" if os.environ.get(name) else "default",
         "meaning": setting.meaning}
        for name, setting in settings.SETTINGS.items()
    ]  # fmt: skip
    login = source_of_login()
    rows.append(
        {"name": "HF_TOKEN", "value": "set" if login else "not set", "source": login or "default",
         "meaning": "the account that the Hub sees"}
    )  # fmt: skip
    show_rows([*rows, *_server_rows()], ("name", "value", "source", "meaning"), as_json)
    for warning in settings.check():
        print(warning, file=sys.stderr)


def _shown(name: str) -> str:
    text = settings.text(name)
    try:
        return str(settings.folder(text)) if settings.SETTINGS[name].kind in ("folder", "file") else text
    except ValueError:  # `check` says why
        return text


def _server_rows() -> list[dict[str, Any]]:
    """As Streamlit finds them: the environment, then its files, that beside the app before the user's own."""
    files = [folder / ".streamlit" / "config.toml" for folder in (settings.APP_DIR, Path.cwd(), Path.home())]
    told = [(str(file), _server_table(file)) for file in dict.fromkeys(files) if file.is_file()]
    rows = []
    for key, default in SERVER.items():
        variable = "STREAMLIT_SERVER_" + "".join(f"_{letter}" if letter.isupper() else letter for letter in key).upper()
        value, source = next(((table[key], file) for file, table in told if key in table), (default, "default"))
        if variable in os.environ:
            value, source = os.environ[variable], "environment"
        shown = " ".join(value) if isinstance(value, list) else str(value)
        rows.append({"name": f"server.{key}", "value": shown, "source": source, "meaning": variable})
    return rows


def _server_table(file: Path) -> dict[str, Any]:
    try:
        return dict(tomllib.loads(read_bounded(file).decode()).get("server", {}))
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read as TOML ({error}). Mend that line, or remove the file.") from error

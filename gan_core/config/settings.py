"""Where this installation keeps its files and how it runs jobs: SETTINGS, read from the environment, defaults for a laptop.

In a checkout everything stands beside the code; of an installed wheel the app is in `ganvas_app` beside `gan_core`, and what
people make goes to ~/ganvas.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

PROJECT_DIR = Path(__file__).resolve().parents[2]
"""The folder that holds `gan_core`."""
_INSTALLED = (PROJECT_DIR / "ganvas_app" / "app.py").is_file()
APP_DIR = PROJECT_DIR / "ganvas_app" if _INSTALLED else PROJECT_DIR
"""The folder of app.py, and of what comes with it: pages, docs, trained models."""
_KEPT = "~/ganvas" if _INSTALLED else f"{PROJECT_DIR}/checkpoints"
PLACES = ("process", "thread", "slurm")  # entries of `gan_core.training.places`
CLUSTERS = ("slurm", "local")
SWITCH = ("on", "off")
MAX_COUNT = 100_000
_INTERNAL = ("GANVAS_ACTOR", "GANVAS_HUB_IMPLICIT")  # for processes that the program starts


@dataclass(frozen=True)
class Setting:
    """One environment variable.

    Attributes:
        meaning: what it sets, for people.
        default: its value where the variable is unset or empty.
        kind: what its value must be.
    """

    meaning: str
    default: str
    kind: Literal[
        "folder", "file", "seconds", "count", "place", "cluster", "word", "switch", "language", "address",
    ] = "folder"  # fmt: skip


SETTINGS: Mapping[str, Setting] = {
    "GANVAS_RUNS_DIR": Setting("the user's runs", f"{_KEPT}/runs"),
    "GANVAS_PRETRAINED_DIR": Setting(
        "runs that come with the program; never written to", f"{APP_DIR}/checkpoints/pretrained"
    ),
    "GANVAS_EVALUATORS_DIR": Setting("evaluators that the user trained", f"{_KEPT}/evaluators"),
    "GANVAS_DATA_DIR": Setting("pictures and points that users brought", f"{_KEPT}/data"),
    "GANVAS_CACHE_DIR": Setting("prepared data sets", "~/.cache/ganvas"),
    "GANVAS_INCEPTION_WEIGHTS": Setting("file of Inception's weights; fetched when first asked for", "", "file"),
    "GANVAS_CLASSROOM": Setting("the class's codes and limits", f"{_KEPT}/classroom.json", "file"),
    "GANVAS_PLACE": Setting(
        "where runs train: process, thread (both on this computer) or slurm (jobs on a cluster)", "process", "place"
    ),
    "GANVAS_SLURM_PARTITION": Setting("Slurm: partition of the jobs; empty for the cluster's default", "", "word"),
    "GANVAS_SLURM_ACCOUNT": Setting("Slurm: account of the jobs; empty for the user's default", "", "word"),
    "GANVAS_SLURM_MINUTES": Setting(
        "Slurm: time limit of a job; a longer run continues in the next job", "240", "count"
    ),
    "GANVAS_SLURM_GPUS": Setting("Slurm: most GPUs of a job; 0 to train on processors", "1", "count"),
    "GANVAS_SLURM_CPUS": Setting("Slurm: processor cores of a job", "4", "count"),
    "GANVAS_SLURM_MEMORY_GB": Setting("Slurm: memory of a job", "16", "count"),
    "GANVAS_SLURM_JOBS": Setting("Slurm: most jobs at once", "8", "count"),
    "GANVAS_SLURM_CLUSTER": Setting("Slurm: slurm, or local to try its jobs on this computer", "slurm", "cluster"),
    "GANVAS_REPORTS": Setting("whether a run's report is made when it ends: on or off", "on", "switch"),
    "GANVAS_WEBHOOK": Setting("address that is told when a run ends or fails; empty for none", "", "address"),
    "GANVAS_HUB_SILENCE_S": Setting("seconds of silence after which a transfer with the Hub ends", "60", "seconds"),
    "GANVAS_HUB_TOTAL_S": Setting("seconds after which a transfer with the Hub ends", "3600", "seconds"),
    "GANVAS_LANG": Setting("language of the pages", "en", "language"),
}


@dataclass(frozen=True)
class Settings:
    """The choices that training needs; `from_environment` makes them."""

    runs_dir: Path
    cache_dir: Path
    place: str


def from_environment() -> Settings:
    """The settings in the environment. Raises ValueError if one of them is not valid."""
    _check("GANVAS_PLACE")
    return Settings(runs_dir=runs_dir(), cache_dir=cache_dir(), place=text("GANVAS_PLACE"))


def text(name: str) -> str:
    """The value of a setting as it was written, or its default."""
    return os.environ.get(name) or SETTINGS[name].default


def check() -> list[str]:
    """Checks every setting, as a server does before it starts.

    Returns:
        A sentence for each variable whose name is that of no setting.

    Raises:
        ValueError: the rule, the value and the way out, of the first that is not valid.
    """
    for name in SETTINGS:
        _check(name)
    unknown = [name for name in os.environ if name.startswith("GANVAS_") and name not in (*SETTINGS, *_INTERNAL)]
    return [
        f"{name} is no setting of Ganvas and changes nothing; `ganvas settings` lists those there are."
        + "".join(f" Did you mean {near}?" for near in difflib.get_close_matches(name, SETTINGS, 1))
        for name in unknown
    ]


def _check(name: str) -> None:
    value = text(name)
    match SETTINGS[name].kind:
        case "folder" if folder(value).is_file():
            raise ValueError(f"{name} must name a folder; {folder(value)} is a file. Name a folder, or move the file.")
        case "file" if value and folder(value).is_dir():
            raise ValueError(f"{name} must name a file; {folder(value)} is a folder. Add the file's name to it.")
        case "seconds":
            seconds(name)
        case "count":
            count(name)
        case "place" if value not in PLACES:
            raise ValueError(f"{name} must be one of: {', '.join(PLACES)}; got '{value:.40}'.")
        case "cluster" if value not in CLUSTERS:
            raise ValueError(f"{name} must be one of: {', '.join(CLUSTERS)}; got '{value:.40}'.")
        case "word" if not re.fullmatch(r"[A-Za-z0-9_.,@-]*", value):
            raise ValueError(f"{name} must be made of letters, digits and _ . , @ -; got '{value:.40}'.")
        case "switch" if value not in SWITCH:
            raise ValueError(f"{name} must be one of: {', '.join(SWITCH)}; got '{value:.40}'.")
        case "address" if value and not _may_be_told(value):
            raise ValueError(
                f"{name} must be an address that begins with https://, or with http:// on this computer; got '{value:.24}'."
            )
        case "language" if not re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", value):
            raise ValueError(f"{name} must be a language such as en or zh_TW; got '{value:.40}'.")


def webhook() -> str:
    """The address that is told of the end of runs; "" for none. Raises ValueError if what is written there is not valid."""
    _check("GANVAS_WEBHOOK")
    return text("GANVAS_WEBHOOK")


def is_loopback(host: str) -> bool:
    """Whether a host is this computer itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _may_be_told(address: str) -> bool:
    """Whether what is sent there is read by nobody on the way."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def seconds(name: str) -> float:
    """The value of a setting in seconds. Raises ValueError unless it is a positive number."""
    try:
        value = float(text(name))
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ValueError(f"{name} must be a number of seconds above 0; got '{text(name):.40}'.")
    return value


def count(name: str) -> int:
    """The value of a setting as a whole number. Raises ValueError unless it is one from 1 to MAX_COUNT; GPUs may be 0."""
    value, least = text(name), 0 if name == "GANVAS_SLURM_GPUS" else 1
    if not re.fullmatch(r"[0-9]{1,6}", value, re.ASCII) or not least <= int(value) <= MAX_COUNT:
        raise ValueError(f"{name} must be a whole number from {least} to {MAX_COUNT:,}; got '{value:.40}'.")
    return int(value)


def runs_dir() -> Path:
    """The folder of the user's runs, absolute; it may not exist yet."""
    return folder(text("GANVAS_RUNS_DIR"))


def pretrained_dir() -> Path:
    """The folder of the runs that come with the program, absolute; nothing is ever written there."""
    return folder(text("GANVAS_PRETRAINED_DIR"))


def evaluators_dir() -> Path:
    """The folder of the evaluators that the user trained, absolute; it may not exist yet."""
    return folder(text("GANVAS_EVALUATORS_DIR"))


def data_dir() -> Path:
    """The folder of the pictures and points that users brought, absolute; it may not exist yet."""
    return folder(text("GANVAS_DATA_DIR"))


def cache_dir() -> Path:
    """The folder of prepared data sets, absolute; it may not exist yet."""
    return folder(text("GANVAS_CACHE_DIR"))


def inception_weights() -> Path | None:
    """The file of Inception's weights that is named, absolute; None if none is."""
    named = text("GANVAS_INCEPTION_WEIGHTS")
    return folder(named) if named else None


def absolute(path: str) -> str:
    """The path from the root of the file system on, so that it holds in every folder; links stay, and "" stays "".

    Raises ValueError if ~ names a user unknown to this machine.
    """
    try:
        return str(Path(path).expanduser().absolute()) if path else ""
    except RuntimeError as error:  # an unknown user's home
        raise ValueError(f"The folder '{path}' cannot be found: {error}") from error


def folder(path: str | Path) -> Path:
    """An absolute path, with ~ as the home folder. Raises ValueError if ~ names a user unknown to this machine."""
    try:
        return Path(path).expanduser().resolve()
    except RuntimeError as error:
        raise ValueError(f"The folder '{path}' cannot be found: {error}") from error

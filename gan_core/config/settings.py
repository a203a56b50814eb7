"""Where this installation keeps its files and how it runs jobs: read from the environment, defaults for a laptop.

GANVAS_RUNS_DIR    the user's runs            (default: checkpoints/runs beside the code)
GANVAS_PRETRAINED_DIR  runs that come with the program (default: checkpoints/pretrained beside the code)
GANVAS_EVALUATORS_DIR  evaluators that the user trained (default: checkpoints/evaluators beside the code)
GANVAS_DATA_DIR    pictures and points that users brought (default: checkpoints/data beside the code)
GANVAS_CACHE_DIR   prepared data sets         (default: ~/.cache/ganvas)
GANVAS_INCEPTION_WEIGHTS  file of Inception's weights  (default: fetched when first asked for)
GANVAS_CLASSROOM   the class's codes and limits  (default: checkpoints/classroom.json; see gan_core.access.classroom)
GANVAS_ISOLATION   process or thread          (default: process; see gan_core.training.supervisor)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parents[2]
ISOLATIONS = ("process", "thread")


@dataclass(frozen=True)
class Settings:
    """The installation's choices; `from_environment` makes them."""

    runs_dir: Path
    cache_dir: Path
    isolation: str


def from_environment() -> Settings:
    """The settings in the environment. Raises ValueError if GANVAS_ISOLATION is neither process nor thread."""
    isolation = os.environ.get("GANVAS_ISOLATION", "process")
    if isolation not in ISOLATIONS:
        raise ValueError(f"GANVAS_ISOLATION must be one of: {', '.join(ISOLATIONS)}; got '{isolation}'.")
    return Settings(runs_dir=runs_dir(), cache_dir=cache_dir(), isolation=isolation)


def runs_dir() -> Path:
    """The folder of the user's runs, absolute; it may not exist yet."""
    return folder(os.environ.get("GANVAS_RUNS_DIR") or PROJECT_DIR / "checkpoints" / "runs")


def pretrained_dir() -> Path:
    """The folder of the runs that come with the program, absolute; nothing is ever written there."""
    return folder(os.environ.get("GANVAS_PRETRAINED_DIR") or PROJECT_DIR / "checkpoints" / "pretrained")


def evaluators_dir() -> Path:
    """The folder of the evaluators that the user trained, absolute; it may not exist yet."""
    return folder(os.environ.get("GANVAS_EVALUATORS_DIR") or PROJECT_DIR / "checkpoints" / "evaluators")


def data_dir() -> Path:
    """The folder of the pictures and points that users brought, absolute; it may not exist yet."""
    return folder(os.environ.get("GANVAS_DATA_DIR") or PROJECT_DIR / "checkpoints" / "data")


def cache_dir() -> Path:
    """The folder of prepared data sets, absolute; it may not exist yet."""
    return folder(os.environ.get("GANVAS_CACHE_DIR") or Path.home() / ".cache" / "ganvas")


def inception_weights() -> Path | None:
    """The file of Inception's weights that is named, absolute; None if none is."""
    named = os.environ.get("GANVAS_INCEPTION_WEIGHTS")
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

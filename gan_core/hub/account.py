"""Where the Hub's token comes from on this computer. Its value stays where it is, until the worker reads it."""

from __future__ import annotations

import os
from pathlib import Path

_TRUE = {"1", "on", "yes", "true"}
_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


def login_allowed() -> bool:
    """Whether this installation may use the computer's own login; not with HF_HUB_DISABLE_IMPLICIT_TOKEN=1.

    A shared server should disable it: otherwise every visitor uploads under the account of whoever started it.
    """
    return os.environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").lower() not in _TRUE


def source_of_login() -> str:
    """Where this computer's own token is: "environment", "login" (of the Hub's own program), or "" without one."""
    if not login_allowed():
        return ""
    if any(os.environ.get(name, "").strip() for name in _VARIABLES):
        return "environment"
    return "login" if _token_file().is_file() else ""


def _token_file() -> Path:
    """As the Hub's own client finds it."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or f"{cache}/huggingface"
    return Path(os.path.expandvars(os.environ.get("HF_TOKEN_PATH") or f"{home}/token")).expanduser()

"""Ganvas' engine: everything that computes. It never imports streamlit, and imports torch only where tensors are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from gan_core.hub.loading import LoadedModel

__version__ = "0.1.0"


def load(source: str | Path, revision: str | None = None, token: str | None = None) -> LoadedModel:
    """A trained model for a notebook: `gan_core.load("user/name").sample(16, seed=0)`.

    Args:
        source: "user/name" on the Hugging Face Hub, or a run directory.
        revision: a branch, tag or commit on the Hub; the newest if None.
        token: for a private repository; the computer's own login if None.

    Raises:
        ValueError: no such run or repository, or not a sound one.
    """
    from gan_core.hub import loading  # the package itself stays light

    return loading.load(source, revision, token)

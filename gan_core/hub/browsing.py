"""The runs that are on the Hub: of a user or an organisation, with tags, by words, in a collection. Nothing of them is fetched."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from huggingface_hub import ModelInfo

from gan_core.config import one_line
from gan_core.hub import collecting
from gan_core.hub.orders import TAG, Browse, check_repo
from gan_core.hub.session import Session


def browse(session: Session, order: Browse) -> dict[str, Any]:
    """What `orders.Browse` gives; a repository whose name is none, or that came without its commit, is left out."""
    session.phase("Asking the Hub")
    if order.collection:
        found: Iterable[ModelInfo] = (info for info in collecting.models(session, order) if _asked_for(info, order))
    else:
        found = session.api.list_models(
            filter=[TAG, *order.tags], author=order.author or None, search=order.words or None, sort="last_modified",
            limit=order.limit, expand=["sha", "lastModified", "tags", "private", "downloads"],
        )  # fmt: skip
    rows = []
    for info in found:
        revision = one_line(info.sha, 40)
        with contextlib.suppress(ValueError):
            check_repo(str(info.id))
            if not revision:
                continue
            rows.append(
                {"repo": info.id, "revision": revision, "private": bool(info.private),
                 "changed": info.last_modified.date().isoformat() if info.last_modified else "",
                 "downloads": int(info.downloads or 0),
                 "tags": [one_line(tag, 60) for tag in info.tags or [] if tag != TAG]}
            )  # fmt: skip
        if len(rows) == order.limit:
            break
    return {"repositories": rows}


def _asked_for(info: ModelInfo, order: Browse) -> bool:
    """Whether a model of a collection is a run, and of the author, tags and words that are asked for."""
    owner, _, name = str(info.id).partition("/")
    return (
        {TAG, *order.tags} <= {*(info.tags or [])}
        and order.author in ("", owner)
        and order.words.lower() in name.lower()
    )

"""The runs that are on the Hub: of a user or an organisation, with tags, by words. Nothing of them is fetched."""

from __future__ import annotations

import contextlib
from typing import Any

from gan_core.config import one_line
from gan_core.hub.orders import Browse, check_repo
from gan_core.hub.session import Session

TAG = "ganvas"  # stands in the card of each run


def browse(session: Session, order: Browse) -> dict[str, Any]:
    """What `orders.Browse` gives; a repository whose name is none, or that came without its commit, is left out."""
    session.phase("Asking the Hub")
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
    return {"repositories": rows}

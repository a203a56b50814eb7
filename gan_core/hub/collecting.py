"""Collections of the Hub: which runs are in one, and a run put into one. A class shares a collection."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from huggingface_hub import ModelInfo
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from gan_core.hub import faults
from gan_core.hub.faults import HubFault
from gan_core.hub.orders import Browse, Push, is_slug
from gan_core.hub.session import Session

EXPAND: Any = ["sha", "lastModified", "tags", "private", "downloads"]
MAX_COLLECTIONS = 200  # of one owner, looked through for a title
GONE = (401, 403, 404)


def models(session: Session, order: Browse) -> Iterator[ModelInfo]:
    """The models of a collection, in its order, as the Hub describes each; without those that this token does not see."""
    found = session.api.get_collection(order.collection)
    names = [item.item_id for item in found.items if item.item_type == "model"]
    session.phase("Looking at what is in the collection")
    for name in names:
        with contextlib.suppress(RepositoryNotFoundError):
            yield session.api.model_info(name, expand=EXPAND)


def find_or_make(session: Session, order: Push) -> str:
    """The slug of the collection that a run is to be put into.

    Raises:
        HubFault: it is not there, or the token may not make one for this owner.
    """
    with _told(order):
        if is_slug(order.collection):
            return str(session.api.get_collection(order.collection).slug)
        owner, _, title = order.collection.partition("/")
        for known in session.api.list_collections(owner=owner, limit=MAX_COLLECTIONS):
            if known.title.strip() == title.strip():
                return str(known.slug)
        made = session.api.create_collection(title.strip(), namespace=owner, private=order.private, exists_ok=True)
        return str(made.slug)


def add(session: Session, order: Push, slug: str) -> None:
    """Puts the run that was sent into the collection; it may be in it already.

    Raises:
        HubFault: the run is on the Hub, but this failed.
    """
    try:
        with _told(order):
            session.api.add_collection_item(slug, order.repo, "model", exists_ok=True)
    except Exception as error:
        words = faults.sentence(error, order, with_token=True)
        raise HubFault(
            f"The run is on the Hub as '{order.repo}', but not in the collection. {words}", faults.retry_s(error)
        ) from error


@contextlib.contextmanager
def _told(order: Push) -> Iterator[None]:
    """Refusals in here are about the collection, not about the run's repository."""
    try:
        yield
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status not in GONE:
            raise
        raise HubFault(faults.of_collection(status, order.collection)) from error

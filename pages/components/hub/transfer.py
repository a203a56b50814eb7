"""A transfer with the Hub as a browser session sees it: begun here, followed on any page visit, cancelled at a click.

It is kept in the session's own state, so that it goes on while its visitor is elsewhere and nobody else sees it.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from gan_core import hub
from gan_core.hub import Order, Transfer
from gan_core.hub.transfer import Fill
from gan_core.jobs.task import Progress
from pages.components.shared import task_view
from pages.components.text import N_, _, titled

MB = 1_000_000


def token() -> str | None:
    """The token that this visitor typed in; None leaves it to the computer's own login."""
    typed = st.session_state.get("hub_session_token")
    return typed if isinstance(typed, str) else None


def current(slot: str) -> Transfer | None:
    """The transfer of a slot ("account", "upload", "download", "browse" or "publish"), under way or ended."""
    transfer = st.session_state.get(f"hub_transfer_{slot}")
    return transfer if isinstance(transfer, Transfer) else None


def begin(slot: str, order: Order, fill: Fill | None = None) -> None:
    """Starts an order in a slot, in place of what was there; `fill` as `hub.start` takes it.

    Raises:
        ValueError: too many transfers are under way.
    """
    st.session_state[f"hub_transfer_{slot}"] = hub.start(order, token=token(), fill=fill)


def is_busy(slot: str) -> bool:
    """Whether the slot's transfer is under way."""
    transfer = current(slot)
    return transfer is not None and transfer.running


def follow(slot: str) -> Mapping[str, Any] | None:
    """Shows where a slot's transfer stands. Returns what it brought, once it is done; None before and otherwise."""
    transfer = current(slot)
    if transfer is None:
        return None
    now = transfer.progress
    key = f"hub_{slot}"
    if now.state == "running":
        task_view.follow(transfer, key, _words, lambda transfer: transfer.progress, Transfer.cancel, cancel_help=None)
    else:
        task_view.show_end(key, now, N_("Cancelled. Nothing was left behind."))
    return now.result if now.state == "done" else None


def _words(now: Progress) -> str:
    if not now.total:
        return f"{_(now.stage)}…"
    counts = _("{done:.1f} of {total:.1f} MB").format(done=now.done / MB, total=now.total / MB)
    return titled(_(now.stage), counts)

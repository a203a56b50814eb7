"""The process that talks to the Hub: one order from standard input, carried out, and it ends.

    python -m gan_core.hub.worker    line in:   {"order": ..., "token": ..., "place": FOLDER, "runs_dir": FOLDER}
                                     lines out: {"stage": WORDS, "done": BYTES, "total": BYTES} ...
                                                {"result": ...} or {"error": SENTENCE}

It ends when its standard input closes. The token comes in by that line or from the
Hub's own login; it is put into requests and nowhere else.
"""

from __future__ import annotations

import os
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_core.hub import orders
from gan_core.processes.child import Parent

if TYPE_CHECKING:
    from gan_core.hub.session import Session


def main() -> None:
    """Carries out the order on standard input."""
    parent = Parent()
    job = next(parent.messages())
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    from gan_core.hub import faults
    from gan_core.hub.session import Session

    session = Session(orders.from_dict(job["order"]), job["token"], parent.send)
    try:
        session.open()
        parent.send({"result": _carry_out(session, Path(job["place"]), Path(job["runs_dir"]))})
    except Exception as error:
        try:
            words = session.scrubbed(faults.sentence(error, session.order, with_token=bool(session.token)))
            kept = _kept(session.order, Path(job["runs_dir"])) if faults.unreachable(error) else None
            if kept:
                parent.send({"result": kept | {"unreachable": words}})
            else:
                parent.send({"error": words, "retry_s": faults.retry_s(error)})
        except faults.Unexpected as words:
            trace = session.scrubbed("".join(traceback.format_exception(error)))
            parent.send({"error": str(words), "traceback": trace})


def _carry_out(session: Session, place: Path, runs_dir: Path) -> dict[str, Any]:
    order = session.order
    if isinstance(order, orders.WhoAmI):
        return session.whoami()
    if isinstance(order, orders.Push):
        from gan_core.hub import sending

        return sending.push(session, order, place)
    if isinstance(order, orders.Space):
        from gan_core.hub import spaces

        return spaces.send(session, order, place / orders.PAGE)
    if isinstance(order, orders.Browse):
        from gan_core.hub import browsing

        return browsing.browse(session, order)
    from gan_core.hub import fetching

    return fetching.pull(session, order, place, runs_dir)


def _kept(order: orders.Order, runs_dir: Path) -> dict[str, Any] | None:
    """What was fetched earlier, in place of an answer that the Hub cannot give now."""
    if not isinstance(order, orders.Pull) or not order.reuse:
        return None
    from gan_core.hub import fetching

    return fetching.kept(runs_dir, order)


def _end_with_the_server() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()

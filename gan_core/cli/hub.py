"""`python -m gan_core push`, `pull` and `browse`: runs to the Hugging Face Hub and back."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from gan_core import runs
from gan_core.cli.terminal import AsJson, Move, RunName, RunsDir, bar, runs_folder, show_rows
from gan_core.hub.orders import LICENCES, Browse, Order, Pull, Push, slug_of
from gan_core.hub.transfer import Fill, TransferProgress, start

LONGEST_PAUSE_S = 300.0  # whatever the Hub asks for

Retries = Annotated[
    int,
    typer.Option(help="Retries after a timeout, a lost connection, or a response 429 or 5xx.", min=0, max=20),
]
Repo = Annotated[str, typer.Argument(metavar="REPO", help="user/name on the Hub.")]


def push(
    run: RunName,
    repo: Repo,
    public: Annotated[bool, typer.Option("--public", help="Make the repository visible to everybody.")] = False,
    with_optimizer: Annotated[
        bool, typer.Option("--with-optimizer", help="Include the optimisers, so that training can be continued.")
    ] = False,
    with_note: Annotated[bool, typer.Option("--with-note", help="Include your note on the run.")] = False,
    all_samples: Annotated[
        bool, typer.Option("--all-samples", help="Include every sample grid, not only the last.")
    ] = False,
    licence: Annotated[str, typer.Option(help=f"One of: {', '.join(filter(None, LICENCES))}.")] = "",
    step: Annotated[int | None, typer.Option(help="Checkpoint to upload; the newest if not given.")] = None,
    collection: Annotated[
        str,
        typer.Option(
            help="Collection to add it to: its slug, user/name-id, or user/title, which is created if missing."
        ),
    ] = "",
    retries: Retries = 0,
    runs_dir: RunsDir = None,
) -> None:
    """Upload a run to the Hugging Face Hub, private unless --public. Needs a token: HF_TOKEN or `hf auth login`."""
    folder = runs_folder(runs_dir)
    found = runs.find(folder, run)
    order = Push(
        str(found.path), repo, private=not public, step=step, optimizer=with_optimizer, note=with_note, grids=all_samples,
        licence=licence, collection=slug_of(collection),
    )  # fmt: skip
    result = carry_out(order, folder, retries)
    access = "only you can see it" if result["private"] else "everybody can see it"
    print(f"{result['url']} holds step {result['step']} as revision {result['revision']}; {access}.")
    if collection:
        print(f"It is in the collection {result['collection']}.")


def pull(
    repo: Repo,
    revision: Annotated[str, typer.Option(help="Branch, tag or commit; the newest if not given.")] = "",
    retries: Retries = 0,
    runs_dir: RunsDir = None,
) -> None:
    """Download a run from the Hugging Face Hub; it is checked before it is opened. Prints its folder."""
    result = carry_out(Pull(repo, revision), runs_folder(runs_dir), retries)
    print(result["run"])
    further = "It came without the optimisers' state: look and sample, it cannot be resumed."
    print(f"Revision {result['revision']}, step {result['step']}.{' ' + further if result['weights_only'] else ''}")


def browse(
    author: Annotated[
        str, typer.Argument(metavar="OWNER", help="A user or an organisation; everybody if not given.")
    ] = "",
    tag: Annotated[
        list[str] | None,
        typer.Option(
            help="Only runs with this tag, such as a preset, gan or conditional; may be repeated, and all must be there."
        ),
    ] = None,
    search: Annotated[str, typer.Option(help="Only repositories with these words in their names.")] = "",
    limit: Annotated[int, typer.Option(help="Most runs to list.")] = 50,
    collection: Annotated[str, typer.Option(help="Only runs in this collection; its slug, user/name-id.")] = "",
    as_json: AsJson = False,
) -> None:
    """List runs on the Hugging Face Hub, the latest change first: by owner, tag, words or collection."""
    order = Browse(author, tuple(tag or ()), search, limit, slug_of(collection))
    rows = carry_out(order, runs_folder(None))["repositories"]
    if not rows:
        print("The Hub has no such run.", file=sys.stderr)
    shown = [row | {"tags": row["tags"] if as_json else " ".join(row["tags"])} for row in rows]
    show_rows(shown, ("repo", "changed", "revision", "tags"), as_json)


def carry_out(order: Order, folder: Path, retries: int = 0, fill: Fill | None = None) -> dict[str, Any]:
    """Carries an order out, and anew after a fault that passes by itself, `retries` times at most; `fill` as `start` takes it.

    Raises:
        ValueError: it was cancelled, or failed.
    """
    end = _once(order, folder, fill)
    for number in range(1, retries + 1):
        if end.state != "failed" or end.retry_s is None:
            break
        pause = min(end.retry_s, LONGEST_PAUSE_S)
        print(f"{end.error} Trying again in {pause:g} s ({number} of {retries}).", file=sys.stderr, flush=True)
        time.sleep(pause)
        end = _once(order, folder, fill)
    if end.state == "cancelled":
        raise ValueError("Cancelled; nothing was left behind.")
    if end.state == "failed":
        raise ValueError(end.error)
    return dict(end.result)


def _once(order: Order, folder: Path, fill: Fill | None) -> TransferProgress:
    """Carries an order out with progress on standard error; Ctrl-C cancels it."""
    transfer = start(order, runs_dir=folder, fill=fill)
    before = signal.signal(signal.SIGTERM, lambda *_: transfer.cancel())
    try:
        with bar("The Hub") if Console(stderr=True).is_terminal else nullcontext(_plain_phases()) as move:
            while transfer.running:
                now = transfer.progress
                move(now.done, now.total or 1, now.stage)
                transfer.wait(0.2)
    except KeyboardInterrupt:
        transfer.cancel()
    finally:
        signal.signal(signal.SIGTERM, before)
    return transfer.wait()


def _plain_phases() -> Move:
    """A function that prints each phase once, for logs."""
    printed = [""]

    def move(_done: int, _total: int, phase: str) -> None:
        if phase and phase != printed[0]:
            printed[0] = phase
            print(f"{phase} …", file=sys.stderr, flush=True)

    return move

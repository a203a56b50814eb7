"""`python -m gan_core push` and `pull`: runs to the Hugging Face Hub and back."""

from __future__ import annotations

import signal
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from gan_core import runs
from gan_core.cli.terminal import Move, RunName, RunsDir, bar, runs_folder
from gan_core.hub.orders import LICENCES, Order, Pull, Push
from gan_core.hub.transfer import start

Repo = Annotated[str, typer.Argument(metavar="REPO", help="user/name on the Hub.")]


def push(
    run: RunName,
    repo: Repo,
    public: Annotated[bool, typer.Option("--public", help="Let everybody see it; else only you.")] = False,
    with_optimizer: Annotated[
        bool, typer.Option("--with-optimizer", help="So that it can be trained further.")
    ] = False,
    with_note: Annotated[bool, typer.Option("--with-note", help="With your note on the run.")] = False,
    all_samples: Annotated[
        bool, typer.Option("--all-samples", help="With every sample grid, not the last only.")
    ] = False,
    licence: Annotated[str, typer.Option(help=f"One of: {', '.join(filter(None, LICENCES))}.")] = "",
    step: Annotated[int | None, typer.Option(help="Checkpoint to send; the newest if not given.")] = None,
    runs_dir: RunsDir = None,
) -> None:
    """Upload a run to the Hugging Face Hub, private unless --public. The token: HF_TOKEN or `hf auth login`."""
    folder = runs_folder(runs_dir)
    found = runs.find(folder, run)
    order = Push(
        str(found.path), repo, private=not public, step=step, optimizer=with_optimizer, note=with_note, grids=all_samples,
        licence=licence,
    )  # fmt: skip
    result = _transfer(order, folder)
    access = "only you can see it" if result["private"] else "everybody can see it"
    print(f"{result['url']} holds step {result['step']} as revision {result['revision']}; {access}.")


def pull(
    repo: Repo,
    revision: Annotated[str, typer.Option(help="Branch, tag or commit; the newest if not given.")] = "",
    runs_dir: RunsDir = None,
) -> None:
    """Download a run from the Hugging Face Hub, checked before it is opened. Prints its folder."""
    result = _transfer(Pull(repo, revision), runs_folder(runs_dir))
    print(result["run"])
    further = "It came without the optimisers' state: look and sample, it cannot be resumed."
    print(f"Revision {result['revision']}, step {result['step']}.{' ' + further if result['weights_only'] else ''}")


def _transfer(order: Order, folder: Path) -> dict[str, Any]:
    """Carries an order out with progress on standard error; Ctrl-C cancels it."""
    transfer = start(order, runs_dir=folder)
    signal.signal(signal.SIGTERM, lambda *_: transfer.cancel())
    try:
        with bar("The Hub") if Console(stderr=True).is_terminal else nullcontext(_plain_phases()) as move:
            while transfer.running:
                now = transfer.progress
                move(now.done, now.total or 1, now.stage)
                transfer.wait(0.2)
    except KeyboardInterrupt:
        transfer.cancel()
    end = transfer.wait()
    if end.state == "cancelled":
        raise ValueError("Cancelled; nothing was left behind.")
    if end.state == "failed":
        raise ValueError(end.error)
    return dict(end.result)


def _plain_phases() -> Move:
    """A function that prints each phase once, for logs."""
    printed = [""]

    def move(_done: int, _total: int, phase: str) -> None:
        if phase and phase != printed[0]:
            printed[0] = phase
            print(f"{phase} …", file=sys.stderr, flush=True)

    return move

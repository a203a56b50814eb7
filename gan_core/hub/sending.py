"""A run sent to the Hub: one commit that makes the repository hold this run and nothing older of one."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, constants

from gan_core.figures import curve_picture
from gan_core.hub import collecting
from gan_core.hub.card import card
from gan_core.hub.orders import Push
from gan_core.hub.session import Session
from gan_core.runs import Run, evaluations, portable

CARD, CURVES = "README.md", "curves.png"


def push(session: Session, order: Push, place: Path) -> dict[str, Any]:
    """Sends a run; the result is that of `orders.Push`. `place`: an empty folder for the copy that is sent.

    Raises:
        ValueError: if there is no token or checkpoint, or the repository is public or holds something else.
    """
    if session.token is None:
        raise ValueError("To upload, the Hub must know who you are: give a token, or log in with: hf auth login.")
    run = Run(Path(order.run))
    session.phase("Copying the run")
    copy = place / "run"
    copy.mkdir()
    step = portable.export(run, copy, step=order.step, optimizer=order.optimizer, note=order.note, grids=order.grids)
    _draw_curves(Run(copy))
    (copy / CARD).write_text(_card(Run(copy), order), encoding="utf-8")
    session.phase("Asking the Hub")
    collection = collecting.find_or_make(session, order) if order.collection else ""
    session.api.create_repo(order.repo, private=order.private, exist_ok=True)
    info = session.api.model_info(order.repo)
    there = [sibling.rfilename for sibling in info.siblings or []]
    _refuse_another(order, there, is_private=bool(info.private))
    files = {file.relative_to(copy).as_posix(): file for file in sorted(copy.rglob("*")) if file.is_file()}
    stale = [name for name in there if portable.part(name) and name not in files]
    session.phase("Uploading", sum(file.stat().st_size for file in files.values()))
    commit = session.api.create_commit(
        order.repo,
        [
            *(CommitOperationAdd(path_in_repo=name, path_or_fileobj=file) for name, file in files.items()),
            *(CommitOperationDelete(path_in_repo=name) for name in stale),
        ],
        commit_message=f"Step {step} of a Ganvas run",
    )
    if not run.shipped:
        run.add_event("pushed", step, repo=order.repo, revision=commit.oid)
    url = f"{constants.ENDPOINT}/{order.repo}"
    result = {"repo": order.repo, "revision": commit.oid, "url": url, "private": bool(info.private), "step": step}
    if collection:
        session.phase("Putting it into the collection")
        collecting.add(session, order, collection)
        result["collection"] = collection
    return result


def _draw_curves(sent: Run) -> None:
    """The losses as a picture in the copy that is sent; none of a run that recorded no step."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for line in portable.checked_lines(sent.metrics_path):
        for name in line:
            if name.startswith("loss/"):
                curves.setdefault(name, []).append((line["step"], float(line[name])))
    with contextlib.suppress(ValueError):  # nothing to draw
        (sent.path / CURVES).write_bytes(curve_picture.curves_png(curves, "Losses"))


def _refuse_another(order: Push, there: list[str], *, is_private: bool) -> None:
    """The Hub ignores what is asked for when a repository exists: it stays public, and files would be replaced."""
    if order.private and not is_private:
        raise ValueError(
            f"The repository '{order.repo}' exists already and is public, but the run was to be private. "
            "Choose another name, or upload it as public."
        )
    holds_run = portable.JSON_NAMES["manifest"] in there
    others = [name for name in there if name not in (".gitattributes", CARD, CURVES)]
    if others and not holds_run:
        raise ValueError(
            f"The repository '{order.repo}' already holds something else than a run ({others[0][:60]!r}). "
            "Choose another name."
        )


def _card(sent: Run, order: Push) -> str:
    """The model card of the copy that is sent."""
    steps = sent.sample_steps()
    return card(
        repo=order.repo,
        name=sent.name,
        note=sent.note,
        config=sent.config(),
        status=sent.status(),
        metrics=list(portable.checked_lines(sent.metrics_path)),
        evaluations=evaluations.read(sent),
        picture=portable.sample_name(steps[-1]) if steps else None,
        curves=CURVES if (sent.path / CURVES).exists() else None,
        licence=order.licence,
        resumable=order.optimizer,
    )

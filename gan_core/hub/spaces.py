"""A published page sent to the Hub as a static Space: one commit that makes the Space hold this page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, SpaceInfo, constants
from huggingface_hub.errors import RepositoryNotFoundError

from gan_core.hub.orders import TAG, Space
from gan_core.hub.session import Session
from gan_core.runs import Run

KIND = "space"
MAX_FILES = 20
KEPT = (".gitattributes",)


def send(session: Session, order: Space, page: Path) -> dict[str, Any]:
    """Sends the files of the folder `page`; the result is that of `orders.Space`.

    Raises:
        ValueError: if there is no token or page, or the Space is public or holds something else.
    """
    if session.token is None:
        raise ValueError("To upload, the Hub must know who you are: give a token, or log in with: hf auth login.")
    files = {file.name: file for file in sorted(page.iterdir()) if file.is_file() and not file.is_symlink()}
    if not {"README.md", "index.html"} <= files.keys() or len(files) > MAX_FILES:
        raise ValueError(
            f"A page has a README.md, an index.html and at most {MAX_FILES} files; got {len(files)} files."
        )
    session.phase("Asking the Hub")
    there = _existing(session, order.repo)
    if there is None:
        session.api.create_repo(order.repo, repo_type=KIND, space_sdk="static", private=order.private, exist_ok=True)
        there = session.api.space_info(order.repo)
    else:
        _refuse_another(session, order, there)
    names = [sibling.rfilename for sibling in there.siblings or []]
    session.phase("Uploading", sum(file.stat().st_size for file in files.values()))
    commit = session.api.create_commit(
        order.repo,
        [
            *(CommitOperationAdd(path_in_repo=name, path_or_fileobj=file) for name, file in files.items()),
            *(CommitOperationDelete(path_in_repo=name) for name in names if name not in files and name not in KEPT),
        ],
        commit_message="The page of a Ganvas run",
        repo_type=KIND,
    )
    run = Run(Path(order.run)) if order.run else None
    if run is not None and not run.shipped:
        run.add_event("published", run.status().step, repo=order.repo, revision=commit.oid)
    url = f"{constants.ENDPOINT}/spaces/{order.repo}"
    return {"repo": order.repo, "revision": commit.oid, "url": url, "private": bool(there.private)}


def _existing(session: Session, repo: str) -> SpaceInfo | None:
    """The Space of this name, if this token sees one."""
    try:
        return session.api.space_info(repo)
    except RepositoryNotFoundError:
        return None


def _refuse_another(session: Session, order: Space, there: SpaceInfo) -> None:
    """A Space that exists stays public if it is, and its files would be replaced: it must be a page of a run, or untouched."""
    if order.private and not there.private:
        raise ValueError(
            f"The Space '{order.repo}' exists already and is public, but the page was to be private. "
            "Choose another name, or publish it for everybody."
        )
    if TAG in (there.tags or []):
        return
    if len(session.api.list_repo_commits(order.repo, repo_type=KIND)) > 1:
        raise ValueError(
            f"The Space '{order.repo}' already holds something else than the page of a run. Choose another name."
        )

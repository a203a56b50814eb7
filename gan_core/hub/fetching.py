"""A run fetched from the Hub: checked name by name, header by header, and only then put among the runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import hf_hub_download
from huggingface_hub.hf_api import RepoSibling

from gan_core import runs
from gan_core.config import read_bounded
from gan_core.hub import checks, listing
from gan_core.hub.listing import Listed
from gan_core.hub.orders import Pull
from gan_core.hub.session import Session
from gan_core.runs import Run, adoption, portable

MARGIN_BYTES = 16_000_000  # headers, retries of small files


def pull(session: Session, order: Pull, place: Path, runs_dir: Path) -> dict[str, Any]:
    """Fetches a run into `runs_dir`; the result is that of `orders.Pull`. `place`: an empty folder on the same disk.

    Raises:
        ValueError: if it is no run, or a damaged one; nothing is left behind.
    """
    session.phase("Asking the Hub")
    info = session.api.model_info(order.repo, revision=order.revision or None, files_metadata=True)
    revision = str(info.sha)
    if order.reuse and (known := _already(runs_dir, order.repo, revision)):
        return _result(known)
    files = listing.wanted(map(_listed, info.siblings or []), order.repo)
    total = sum(file.size or 0 for file in files.values())
    session.watch.budget = session.watch.received + 2 * total + MARGIN_BYTES
    copy = place / "run"
    fetch = _Fetch(session, order.repo, revision, copy, files)
    session.phase("Looking at the configuration")
    first = {portable.JSON_NAMES[kind] for kind in ("config", "manifest")}
    fetch(first)
    config = checks.configuration(read_bounded(copy / portable.JSON_NAMES["config"]))
    session.phase("Checking the architecture")
    shapes = checks.expected_tensors(config)
    checks.sizes(files, config, shapes)
    session.phase("Downloading", total)
    fetch(files.keys() - first)
    session.phase("Checking what arrived")
    checks.manifest(copy, files)
    checks.tensors(copy, files, config, shapes)
    newest = max(part.step for part in listing.parts(files) if part.kind == "model")
    weights_only = portable.checkpoint_name(newest, "optimizer") not in files
    adoption.write_run(copy, adoption.for_this_machine(config), adoption.Origin(order.repo, revision, weights_only))
    return _result(adoption.move_in(copy, runs_dir, order.repo))


def kept(runs_dir: Path, order: Pull) -> dict[str, Any] | None:
    """The result of the last time that this was fetched, of an order for the newest or for a commit; None if it never was."""
    for run in runs.list_runs(runs_dir):
        origin = adoption.origin(run)
        if origin is not None and origin.repo == order.repo and origin.revision.startswith(order.revision):
            return _result(run)
    return None


class _Fetch:
    """Fetches files of one commit into a folder, each found to be the one that the Hub lists."""

    def __init__(self, session: Session, repo: str, revision: str, copy: Path, files: Mapping[str, Listed]) -> None:
        self._session, self._repo, self._revision, self._copy, self._files = session, repo, revision, copy, files

    def __call__(self, names: Iterable[str]) -> None:
        for name in sorted(names):
            path = hf_hub_download(
                self._repo,
                name,
                revision=self._revision,
                local_dir=self._copy,
                cache_dir=self._copy / ".cache",  # not the user's, whose content is not checked
                token=self._session.token or False,
            )
            checks.content(Path(path), self._files[name])


def _listed(sibling: RepoSibling) -> Listed:
    lfs = sibling.lfs
    return Listed(sibling.rfilename, sibling.size, lfs.sha256 if lfs else None, None if lfs else sibling.blob_id)


def _already(runs_dir: Path, repo: str, revision: str) -> Run | None:
    for run in runs.list_runs(runs_dir):
        origin = adoption.origin(run)
        if origin is not None and (origin.repo, origin.revision) == (repo, revision):
            return run
    return None


def _result(run: Run) -> dict[str, Any]:
    origin = adoption.origin(run)
    if origin is None:
        raise ValueError(f"The run '{run.id}' does not say where it came from.")
    return {
        "run": str(run.path),
        "id": run.id,
        "repo": origin.repo,
        "revision": origin.revision,
        "step": run.status().step,
        "weights_only": origin.weights_only,
    }

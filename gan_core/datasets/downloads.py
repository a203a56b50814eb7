"""Data sets fetched from where they are kept: through torchvision's own download code, or from the Hugging Face Hub.

Progress is what has arrived on the disk, against the archives' known sizes: it needs nothing of the code that fetches.
"""

from __future__ import annotations

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gan_core.access import Actor, Refused, may
from gan_core.config import settings
from gan_core.config.registry import Registry
from gan_core.datasets.base import Progress
from gan_core.datasets.sources.layout import SUFFIXES

SILENCE_S = 30.0  # torchvision sets no time limit of its own
POLL_S = 0.5
MAX_FILES, MAX_BYTES = 300_000, 50_000_000_000  # of a data set of the Hub
ARCHIVES = (".gz", ".zip", ".tgz", ".txt", ".7z")
CELEBA_BY_HAND = (
    "By hand: from the CelebA page (mmlab.ie.cuhk.edu.hk/projects/CelebA.html), folder 'Align&Cropped Images', take "
    "img_align_celeba.zip (unpack it), list_attr_celeba.txt and list_eval_partition.txt into one folder, and name that folder."
)


@dataclass(frozen=True)
class Download:
    """A data set that torchvision can fetch.

    Attributes:
        title: for people.
        class_name: in torchvision.datasets.
        num_bytes: of all its archives together.
    """

    title: str
    class_name: str
    num_bytes: int


DOWNLOADS: Registry[Download] = Registry(
    "download",
    {
        "mnist": Download("MNIST", "MNIST", 11_594_722),
        "fashion-mnist": Download("Fashion-MNIST", "FashionMNIST", 30_878_645),
        "cifar10": Download("CIFAR-10", "CIFAR10", 170_498_071),
        "celeba": Download("CelebA", "CelebA", 1_483_000_000),
    },
)


def download(name: str, root: Path, progress: Progress) -> None:
    """Fetches a data set into `root`, in the layout that torchvision keeps and our loaders read.

    Args:
        name: an entry of DOWNLOADS.
        root: is made if need be; intact files that are there are kept.
        progress: called with (bytes, bytes in all) about twice a second.

    Raises:
        ValueError: if there is no such download, the server cannot be reached, or it does not send the data set.
    """
    entry = DOWNLOADS.find(name)
    _make(root)
    import torchvision

    made = getattr(torchvision.datasets, entry.class_name)
    with _watched(root, entry.num_bytes, progress), _patience():
        try:
            if name == "celeba":
                made(str(root), split="all", download=True)
            else:
                made(str(root), download=True)
        except (OSError, RuntimeError, ValueError, EOFError, ImportError) as error:
            raise ValueError(_sentence(entry, name, error)) from error


def from_hub(repo: str, root: Path, progress: Progress, *, own_login: bool = False) -> int:
    """Fetches a data set repository of the Hugging Face Hub into `root`. Returns how many pictures it holds.

    Args:
        repo: "owner/name".
        root: is made if need be.
        progress: called with (bytes, bytes in all) about twice a second.
        own_login: whether this computer's login to the Hub may be sent, for private data sets; only public ones without.

    Raises:
        ValueError: if the repository's name is invalid or unknown, the Hub cannot be reached, it is larger than what is
            fetched, or there are no picture files.
    """
    check_repo(repo)
    _make(root)
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    token = None if own_login else False
    try:
        with _patience():
            info = HfApi(token=token).dataset_info(repo, files_metadata=True, timeout=SILENCE_S)
            listed = info.siblings or ()
            total = sum(file.size or 0 for file in listed)
            _check_room(repo, root, len(listed), total)
            with _watched(root, total, progress, suffixes=()):
                snapshot_download(
                    repo, repo_type="dataset", revision=info.sha, local_dir=root, etag_timeout=SILENCE_S, max_workers=4,
                    token=token,
                )  # fmt: skip
    except _NoRoom:
        raise
    except HfHubHTTPError as error:
        raise ValueError(f"The Hub refused the data set '{repo}' ({_first_line(error)}). Check the name.") from error
    except Exception as error:
        if not isinstance(error, OSError | ValueError | RuntimeError) and "httpx" not in type(error).__module__:
            raise
        raise ValueError(
            f"The data set '{repo}' could not be fetched ({_first_line(error)}). Check the internet connection."
        ) from error
    suffixes = [path.suffix.lower() for path in _files(root) if not _is_hidden(path.relative_to(root))]
    pictures = sum(suffix in SUFFIXES for suffix in suffixes)
    if not pictures:
        kinds = sorted({*suffixes} - {""})
        raise ValueError(
            f"'{repo}' was fetched into {root}, but it contains no image files (only {', '.join(kinds[:8]) or 'nothing'}). "
            "Ganvas reads folders of PNG, JPEG, BMP, GIF and WEBP files; unpack them first."
        )
    return pictures


class _NoRoom(ValueError):
    """A repository is larger than what is fetched; the message says by how much."""


def _check_room(repo: str, root: Path, count: int, total: int) -> None:
    """Raises ValueError if a repository has more files or bytes than are fetched, or more than the disk has room for."""
    if count > MAX_FILES or total > MAX_BYTES:
        raise _NoRoom(
            f"'{repo}' has {count:,} files with {total:,} bytes; at most {MAX_FILES:,} with {MAX_BYTES:,} are downloaded. "
            "Download a part of it by hand and give its folder."
        )
    if total > (free := shutil.disk_usage(root).free):
        raise _NoRoom(f"'{repo}' has {total:,} bytes, and the free space on the disk is {free:,}. Free some space.")


def check_repo(repo: str) -> None:
    """Raises ValueError if the name of a repository is not of the form owner/name."""
    if not re.fullmatch(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}", repo):
        raise ValueError(f"A data set on the Hub is named owner/name, for example user/faces; got '{repo:.100}'.")


def _make(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"The folder '{root}' cannot be made ({error.strerror or error}).") from error


@contextmanager
def _patience() -> Iterator[None]:
    """A silent server is given up after SILENCE_S."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@contextmanager
def _watched(root: Path, total: int, progress: Progress, suffixes: tuple[str, ...] = ARCHIVES) -> Iterator[None]:
    """Reports how many bytes of archives (of everything if `suffixes` is empty) lie below `root`, until the block ends."""
    done = threading.Event()

    def arrived() -> int:
        return sum(_size(path) for path in _files(root) if not suffixes or path.suffix in suffixes)

    def watch() -> None:
        while not done.wait(POLL_S):
            progress(min(arrived(), total), total)

    watcher = threading.Thread(target=watch, name="gan_core-download-watcher", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    progress(total, total)


def _files(root: Path) -> Iterator[Path]:
    return (path for path in root.rglob("*") if path.is_file())


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # renamed meanwhile
        return 0


def _first_line(error: Exception) -> str:
    """The beginning of an error's words, on one line."""
    words = " ".join(str(error).split()).rstrip(" .:") or type(error).__name__
    return words if len(words) <= 160 else words[:160] + "…"


def _sentence(entry: Download, name: str, error: Exception) -> str:
    reason = _first_line(error)
    if name != "celeba":
        return f"{entry.title} could not be fetched ({reason}). Check the internet connection, or try again later."
    if "gdown" in reason and "required" in reason:
        return f"CelebA is on Google Drive; downloading it needs another package: pip install gdown. {CELEBA_BY_HAND}"
    return f"CelebA could not be fetched ({reason}). Google Drive limits the downloads per day. {CELEBA_BY_HAND}"


def check_root(root: str | Path, actor: Actor | None = None) -> None:
    """Refuses a folder that not everybody may fetch into: one that is not below the data folder's downloads. Teachers may use any.

    Raises:
        Refused: in a sentence that does not say whether the folder exists.
    """
    if may("folder", actor):
        return
    try:
        below = settings.folder(_downloads()) in settings.folder(root).parents
    except ValueError:
        below = False
    if not below:
        raise Refused("Only teachers may choose the download folder. Download it on the page Data.")


def _downloads() -> Path:
    return settings.data_dir() / "downloads"


def default_root(name: str) -> Path:
    """The folder that a download goes to by default: one a data set, beside the uploads."""
    return _downloads() / re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")

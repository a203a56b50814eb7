"""What the worker may be asked to do, checked before a process is started for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_REPO = re.compile(rf"{_PART}/{_PART}", re.ASCII)
_OWNER = re.compile(_PART, re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,95}", re.ASCII)
_SLUG = re.compile(rf"{_PART}/[A-Za-z0-9_.-]*[0-9a-f]{{24}}", re.ASCII)
MAX_BROWSED, MAX_SLUG, MAX_TITLE = 500, 200, 60  # 60: what the Hub allows
PAGE = "page"
TAG = "ganvas"  # stands in the card of each run, and of each page
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}", re.ASCII)
LICENCES = {
    "": "none chosen",
    "cc0-1.0": "CC0 1.0 (public domain)",
    "cc-by-4.0": "CC BY 4.0",
    "cc-by-nc-4.0": "CC BY-NC 4.0",
    "mit": "MIT",
    "apache-2.0": "Apache 2.0",
}
"""The Hub's name of a licence -> its title."""


@dataclass(frozen=True)
class WhoAmI:
    """Asks the Hub whose token it is. The answer has "name" and "organisations"."""


@dataclass(frozen=True)
class Push:
    """Sends a run to the Hub. The answer has "repo", "revision", "url", "private" and "step".

    Attributes:
        run: its directory.
        repo: "user/name"; made if it is not there.
        private: whether only its owner may see it.
        step: which checkpoint; the newest if None.
        optimizer: with the optimisers' state, so that it can be trained further.
        note: with the user's note.
        grids: with every sample grid, not only the last.
        licence: one of LICENCES.
        collection: put it into this collection: its slug (user/name-id), or user/title, made if that user has none of this title;
            none if empty. The answer then has "collection", its slug.
    """

    run: str
    repo: str
    private: bool = True
    step: int | None = None
    optimizer: bool = False
    note: bool = False
    grids: bool = False
    licence: str = ""
    collection: str = ""

    def __post_init__(self) -> None:
        check_repo(self.repo)
        check_licence(self.licence)
        if self.collection:
            check_collection(self.collection)


@dataclass(frozen=True)
class Space:
    """Sends a published page (`gan_core.report.publishing`) as a static Space. It is in PAGE of the transfer's own folder. The answer
    has "repo", "revision", "url" and "private".

    Attributes:
        repo: "user/name"; made if it is not there.
        private: whether only its owner may see it.
        run: directory of the run whose page it is, which records where it went; nothing is recorded if empty.
    """

    repo: str
    private: bool = True
    run: str = ""

    def __post_init__(self) -> None:
        check_repo(self.repo)


@dataclass(frozen=True)
class Pull:
    """Fetches a run. The answer has "run" (its directory), its "id", "repo", "revision", "step" and "weights_only"; and
    "unreachable", why the Hub could not be asked, where a copy from before stands in.

    Attributes:
        repo: "user/name".
        revision: a branch, tag or commit; the newest of the main branch if empty.
        reuse: take the run that is here already if it came from that very commit, or if the Hub cannot be reached.
    """

    repo: str
    revision: str = ""
    reuse: bool = False

    def __post_init__(self) -> None:
        check_repo(self.repo)
        if self.revision and (not _REVISION.fullmatch(self.revision) or ".." in self.revision):
            raise ValueError(
                f"'{self.revision:.60}' is no revision: give a branch, a tag or a commit, such as main or 3f2c9a1."
            )


@dataclass(frozen=True)
class Browse:
    """Looks for runs, those changed last first. The answer has "repositories": of each "repo", "revision", "changed",
    "private", "downloads" and "tags".

    Attributes:
        author: a user or an organisation; everybody if empty.
        tags: each of them must be there: a preset, "gan", "conditional", "dataset:ylecun/mnist" ...
        words: in the repository's name.
        limit: at most so many.
        collection: the slug of a collection (user/name-id): only what is in it, in its order; everything if empty.
    """

    author: str = ""
    tags: tuple[str, ...] = ()
    words: str = ""
    limit: int = 50
    collection: str = ""

    def __post_init__(self) -> None:
        if self.author and not _OWNER.fullmatch(self.author):
            raise ValueError(
                f"'{self.author:.60}' is no user or organisation: give the part of user/name before the /."
            )
        if wrong := [tag for tag in self.tags if not _TAG.fullmatch(tag)]:
            raise ValueError(f"'{wrong[0]:.60}' is no tag: give one as it stands in a card, such as mnist-dcgan.")
        if not 1 <= self.limit <= MAX_BROWSED:
            raise ValueError(f"The limit must lie between 1 and {MAX_BROWSED}; got {self.limit}.")
        if self.collection and not is_slug(self.collection):
            raise ValueError(
                f"'{self.collection:.100}' is no collection: give the end of its address, user/name-id, for example "
                "ada/my-class-64f9a55bb3115b4f513ec026."
            )


Order = WhoAmI | Push | Space | Pull | Browse
_KINDS: dict[str, type[Order]] = {"whoami": WhoAmI, "push": Push, "space": Space, "pull": Pull, "browse": Browse}


def to_dict(order: Order) -> dict[str, Any]:
    """The order as JSON values; `from_dict` reads it back."""
    kind = next(kind for kind, known in _KINDS.items() if isinstance(order, known))
    return {"kind": kind, **asdict(order)}


def from_dict(data: Mapping[str, Any]) -> Order:
    """The order that `to_dict` described."""
    fields: dict[str, Any] = {name: tuple(told) if isinstance(told, list) else told for name, told in data.items()}
    return _KINDS[fields.pop("kind")](**fields)


def check_repo(name: str) -> None:
    """Raises ValueError if a repository's name is not user/name in the characters that the Hub allows."""
    if len(name) > 96 or not _REPO.fullmatch(name) or "--" in name or ".." in name or name.endswith(".git"):
        raise ValueError(
            f"'{name:.100}' is no name of a repository: it must be user/name, for example ada/digits, "
            "of letters, digits, single dashes and dots, _ and at most 96 in all."
        )


def check_licence(name: str) -> None:
    """Raises ValueError if a licence is none of LICENCES."""
    if name not in LICENCES:
        raise ValueError(f"Unknown licence '{name:.40}'. Choose one of: {', '.join(filter(None, LICENCES))}.")


def slug_of(text: str) -> str:
    """A collection as somebody typed it, or copied its address: without what stands before user/name-id."""
    _before, address, slug = text.strip().rpartition("/collections/")
    return slug.partition("?")[0].strip("/") if address else text.strip()


def is_slug(text: str) -> bool:
    """Whether it names a collection that exists, or did: user/name-id."""
    return len(text) <= MAX_SLUG and bool(_SLUG.fullmatch(text))


def check_collection(text: str) -> None:
    """Raises ValueError if it is neither a collection's slug nor user/title."""
    owner, _, title = text.partition("/")
    sound = _OWNER.fullmatch(owner) and title.strip() and len(title) <= MAX_TITLE and title.isprintable()
    if not is_slug(text) and not sound:
        raise ValueError(
            f"'{text:.100}' is no collection: give the end of its address, user/name-id, or user/title with a title of at most "
            f"{MAX_TITLE} characters, for example ada/My class."
        )


def default_repo(user: str, run_name: str) -> str:
    """A sensible repository for a run: the user, and what the Hub allows of the run's name."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", run_name).strip("-").lower()[:60].strip("-")
    return f"{user or 'your-name'}/{words or 'ganvas-run'}"

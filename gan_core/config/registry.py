"""Tables of named entries; an unknown name raises an error that lists the known ones.

A registry is how the lab stays cheap to extend: a loss, a network, a data set or a preset is one entry in one
table. Entries that need torch are named by an import path and loaded on first use, so that listing and checking
them costs nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

Entry = TypeVar("Entry")


class Registry(Mapping[str, Entry], Generic[Entry]):
    """An ordered table of named entries.

    Args:
        kind: what the entries are, in the singular, as error messages should call them ("objective").
        entries: name -> entry, in the order in which they are offered.
    """

    def __init__(self, kind: str, entries: Mapping[str, Entry]) -> None:
        self.kind = kind
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> Entry:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, name: str) -> Entry:
        """The entry called `name`. Raises ValueError, listing the known names, if there is none."""
        if name not in self._entries:
            raise ValueError(f"Unknown {self.kind} '{name}'. Choose one of: {', '.join(self._entries)}.")
        return self._entries[name]


def load(path: str) -> Any:
    """The object that "package.module:attribute" names, imported now."""
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)


class lazy_module:  # noqa: N801 - stands where an import would
    """A module that is imported when its first attribute is read."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)

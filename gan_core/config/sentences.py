"""Sentences that gan_core wrote in English, in another language: known again by their templates.

A refusal, an error kept in a run's folder, the words of a child process: all arrive as plain English, with names and numbers
filled in, perhaps written by another process, another computer or an older version. The catalogue knows the template with its
named fields ("Got {got}, not {wanted}."), so the words between the fields find it, and what stood in the fields is put into
the translation, itself translated where it is a sentence.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path

LANGUAGES = {"en": "English", "zh_TW": "繁體中文"}
"""Language -> its own name for itself. English needs no catalogue."""
FIELD = re.compile(r"\{([A-Za-z_][\w.]*)(?:![rsa])?(?::[^{}]*)?\}")
FEWEST_LETTERS = 5  # of a template's own words: with fewer it would know nearly everything again
SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+")
NUMBERED = re.compile(r"(.+)( #\d+)")
LETTER = re.compile(r"[A-Za-z]")
KEPT = 20_000


class Catalogue:
    """What is translated into a language: gettext's catalogue in a folder of them, English where there is none.

    Args:
        locales: holds LANGUAGE/LC_MESSAGES/ganvas.mo.
        language: such as zh_TW.
    """

    def __init__(self, locales: Path, language: str) -> None:
        found = gettext.translation("ganvas", locales, languages=[language], fallback=True)
        entries = getattr(found, "_catalog", {})  # the standard library gives no other way to list what it has read
        self._gettext, self.ngettext = found.gettext, found.ngettext
        self._sentences = Sentences({key: words for key, words in entries.items() if isinstance(key, str) and key})

    def text(self, message: str) -> str:
        """The translation of a string, or of a sentence with names and numbers filled in."""
        if not message:  # gettext's name for the catalogue's header
            return message
        found = self._gettext(message)
        return self._sentences.translate(message) if found == message else found


class Sentences:
    """Translations of whole sentences and of templates with fields.

    Args:
        entries: English -> translation; fields are named in braces in both.
    """

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._whole = {english.strip(): words.strip() for english, words in entries.items() if words.strip()}
        self._templates = sorted(
            (_Template(english, words) for english, words in self._whole.items() if FIELD.search(english)),
            key=lambda template: -template.letters,
        )
        self.translate = lru_cache(KEPT)(self._translate)

    def _translate(self, text: str) -> str:
        """The translation of a text: as one message, of each of its sentences, or with a number behind it ("... #2"), whichever
        leaves less of it in English."""
        counted = NUMBERED.fullmatch(text)
        said = [self._known(text) or text, self._by_sentences(text)]
        if counted:
            said.append(self._translate(counted[1]) + counted[2])
        return min(said, key=lambda words: len(LETTER.findall(words)))

    def _by_sentences(self, text: str) -> str:
        parts = SENTENCE_END.split(text)
        said, begin = [], 0
        while begin < len(parts):  # the longest run of sentences that is known, from each place on
            ends = range(min(len(parts), begin + len(parts) - 1), begin, -1)
            runs = [(end, " ".join(parts[begin:end])) for end in ends]
            known = (
                (end, self._known(run, within=True)) for end, run in runs
            )  # a short template would take all that follows
            known_at_all = ((end, self._known(run)) for end, run in runs)
            end, found = next((one for one in chain(known, known_at_all) if one[1]), (begin + 1, parts[begin]))
            said.append(found)
            begin = end
        return " ".join(said)

    def _known(self, text: str, *, within: bool = False) -> str:
        """The translation of a text that is one message; empty where it is none.

        Args:
            text: the message, fields filled in.
            within: whether no field may hold the end of a sentence.
        """
        if text in self._whole:
            return self._whole[text]
        for template in self._templates:
            found = template.fields(text)
            if found and not (within and any(map(SENTENCE_END.search, found.values()))):
                return template.filled({name: self.translate(value) for name, value in found.items()})
        return ""


class _Template:
    """A message with fields."""

    def __init__(self, english: str, words: str) -> None:
        parts = FIELD.split(english)  # literal, field, literal, field ... literal
        self._literals = [part.replace("{{", "{").replace("}}", "}") for part in parts[::2]]
        self.letters = sum(len(re.findall(r"\w", part)) for part in self._literals)
        self._longest = max(self._literals, key=len)
        self._words = words
        seen: set[str] = set()
        pattern = re.escape(self._literals[0])
        for name, literal in zip(map(_group, parts[1::2]), self._literals[1:], strict=True):
            pattern += (f"(?P={name})" if name in seen else f"(?P<{name}>.*?)") + re.escape(literal)
            seen.add(name)
        self._pattern = re.compile(pattern, re.DOTALL) if self.letters >= FEWEST_LETTERS else None

    def fields(self, text: str) -> dict[str, str]:
        """What stands in each field of such a text; empty where the text is another."""
        if self._pattern is None or self._longest not in text:
            return {}
        found = self._pattern.fullmatch(text)
        return found.groupdict() if found else {}

    def filled(self, values: Mapping[str, str]) -> str:
        """The translation with these values."""
        words = FIELD.sub(lambda field: values.get(_group(field[1]), field[0]), self._words)
        return words.replace("{{", "{").replace("}}", "}")


def _group(field: str) -> str:
    """The name of a field as a group of a pattern, which may hold no dot: {c.training.epochs} is a field of the rules on settings."""
    return field.replace(".", "__")

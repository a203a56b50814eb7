"""What a page says, as somebody reads or hears it, and which of it was left in English."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from playwright.sync_api import Page

from gan_core.config.sentences import Catalogue
from pages.components.text import LOCALES

SAID = """() => {
  const unread = "script, style, code, pre, textarea, [data-testid=stIconMaterial], [aria-hidden=true] svg, .modebar, .ganvas-own-words";
  const said = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const place = node.parentElement;
    if (!place.closest(unread) && place.checkVisibility({ visibilityProperty: true })) said.push(node.data);
  }
  for (const place of document.body.querySelectorAll("[aria-label], [placeholder], [title], img[alt]")) {
    if (place.closest(unread) || !place.checkVisibility({ visibilityProperty: true })) continue;
    for (const name of ["aria-label", "placeholder", "title", "alt"]) said.push(place.getAttribute(name) ?? "");
  }
  return [...new Set(said.map(words => words.trim().replace(/\\s+/g, " ")).filter(Boolean))];
}"""
SENTENCE = re.compile(r"\b[A-Za-z]+(?:[ ,]+[a-z][a-z'-]+){3,}")
"""Four English words in a row, of which the last three begin small: no name of a model, a paper or a program has that."""
STREAMLITS = {"warning", "info", "error", "success"}  # its kinds of message, in an icon's name


@dataclass(frozen=True)
class Language:
    """A language as a visitor of the tests speaks it.

    Attributes:
        name: a key of LANGUAGES.
        locale: that of the visitor's browser.
    """

    name: str
    locale: str

    def __call__(self, english: str, **fields: object) -> str:
        """A string of the program in this language; its English must be in the catalogue, fields filled in after translation."""
        translated = Catalogue(LOCALES, "zh_TW")
        assert translated.text(english) != english, f"{english!r} is not in the catalogue"
        words = english if self.name == "en" else translated.text(english)
        return words.format(**fields) if fields else words


ENGLISH, CHINESE = Language("en", "en-GB"), Language("zh_TW", "zh-TW")


def left_in_english(page: Page, typed: Collection[str] = ()) -> list[str]:
    """What a Chinese page says in English although the catalogue knows it, and whole English sentences that it does not know.

    Args:
        page: as it is now.
        typed: words of people, which stay as they are.
    """
    catalogue = Catalogue(LOCALES, "zh_TW")
    found = []
    for said in page.evaluate(SAID):
        rest = said
        for words in typed:
            rest = rest.replace(words, "")
        if rest.strip() in STREAMLITS:
            continue
        if catalogue.text(rest) != rest or SENTENCE.search(rest):
            found.append(said)
    return found

"""A line of text with a button that copies it, also where the page is not served by HTTPS."""

from collections.abc import Mapping

from pages.components.widgets._assets import check_words, make_component

_component = make_component("copy_text")
WORDS = ("label", "copy", "copied", "failed")


def copy_text(text: str, words: Mapping[str, str], *, key: str) -> None:
    """The text in a field that can be read only, and the button.

    Args:
        text: what is copied.
        words: label (the field's name), copy, copied, failed (the text is selected, and the keyboard copies it).
        key: same place and same key keep the node.

    Raises:
        ValueError: one of the words is missing.
    """
    check_words(words, WORDS, "copy_text")
    _component(key=key, data={"text": text, "words": dict(words), "key": key})

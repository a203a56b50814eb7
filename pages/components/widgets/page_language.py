"""The language of the page, told to the browser, and Streamlit's own words in it: Streamlit says English of every page."""

from pages.components.text import N_, _
from pages.components.widgets._assets import make_component

TEXTS = (
    N_("Upload"),
    N_("{size} per file"),
    N_("No results"),
    N_("No options to select"),
    N_("Select all"),
    N_("Press Enter to apply"),
    N_("Press Ctrl+Enter to apply"),
    N_("Press ⌘+Enter to apply"),
    N_("Drag and drop file here"),
    N_("Drag and drop files here"),
    N_("Skip to main content"),
    N_("Show/hide columns"),
    N_("Download as CSV"),
    N_("Close fullscreen"),
)
LABELS = (
    *TEXTS,
    N_("Choose an option"),
    N_("Choose options"),
    N_("Clear value"),
    N_("Clear all"),
    N_("Increment"),
    N_("Decrement"),
    N_("Open"),
    N_("Close"),
    N_("Sidebar"),
    N_("Link to heading"),
    N_("Search"),
    N_("Fullscreen"),
    N_("Show password"),
    N_("Hide password"),
    N_("Show password text"),
    N_("Hide password text"),
    N_("file upload"),
)
"""What Streamlit 1.67 writes, and what it names to screen readers; short words that people may type are only taken as names."""

_component = make_component("page_language")


def page_language(tag: str, *, key: str) -> None:
    """Sets the page's `lang`, such as "zh-TW", and says Streamlit's own words in the visitor's language. Shows nothing."""
    texts, labels = ({english: _(english) for english in words if _(english) != english} for words in (TEXTS, LABELS))
    _component(key=key, data={"tag": tag, "key": key, "texts": texts, "labels": labels})

"""The language of the page, told to the browser: Streamlit says English of every page, and a screen reader would read Chinese so."""

from pages.components.widgets._assets import make_component

_component = make_component("page_language")


def page_language(tag: str, *, key: str) -> None:
    """Sets the page's `lang`, such as "zh-TW". Shows nothing."""
    _component(key=key, data={"tag": tag, "key": key})

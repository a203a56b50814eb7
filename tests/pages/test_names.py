"""A name that is an address, an e-mail or a picture, on every page: no place that reads Markdown gets it as such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from gan_core.datasets import uploads
from gan_core.runs import Run
from tests.pages.conftest import Visit
from tools.hostile import AUTOLINK

NAME = "https://evil.example www.evil.example a@evil.example ![p](http://evil.example/p)"
PLAIN = {  # shown as they are by Streamlit itself, or data of a component of ours, which sets text and never HTML
    "text", "code", "text_input", "text_area", "arrow_data_frame", "selectbox", "multiselect", "plotly_chart", "bidi_component",
}  # fmt: skip
MARKDOWN = {"body", "label", "help", "caption", "options", "content", "text", "value", "delta"}


def texts(message: Any, kind: str) -> Iterator[str]:
    """What an element's message, and those within it, hold under names of MARKDOWN."""
    for field, value in message.ListFields():
        for one in [value] if isinstance(value, str) or not hasattr(value, "__iter__") else value:
            if (
                isinstance(one, str)
                and field.name in MARKDOWN
                and (kind not in PLAIN or field.name in ("label", "help"))
            ):
                yield one
            elif hasattr(one, "ListFields"):
                yield from texts(one, kind)


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("home", {}), ("runs", {}), ("run", {"run": "{id}"}), ("explore", {"run": "{id}"}), ("compare", {"runs": "{id}"}),
        ("replay", {"run": "{id}"}), ("run", {"run": "{id}", "tab": "measure"}), ("run", {"run": "{id}", "tab": "settings"}),
        ("data", {"view": "add"}), ("data", {"data": "{own}"}), ("collapse", {}), ("hub", {}),
        ("twin", {"run": NAME}), ("vae", {"run": NAME}), ("conditions", {"run": NAME}), ("study", {"study": NAME}),
        ("sweeps", {"sweep": NAME}), ("lessons", {"lesson": NAME}), ("compare", {"runs": NAME}), ("explore", {"run": NAME}),
    ],
)  # fmt: skip
def test_no_page_hands_a_name_to_markdown_as_a_link(
    visit: Visit, trained: Run, page: str, query: dict[str, str]
) -> None:
    trained.describe(name=NAME[:80], note=NAME)
    own = uploads.add_points([(0.1 * n, 1.0) for n in range(12)], NAME[:80])
    app = visit(page, **{k: v.format(id=trained.id, own=own.id) for k, v in query.items()})
    found = []
    for element in _all(app):
        for text in texts(element.proto, element.type):
            shown = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
            if "evil" in text and (AUTOLINK.search(shown) or re.search(r"(?<!\\)\]\(", text)):
                found.append((element.type, text))
    assert found == []


def _all(app: Any) -> Iterator[Any]:
    """All elements and blocks of a page, the sidebar's too."""
    waiting = [app._tree]
    while waiting:
        node = waiting.pop()
        waiting += list(getattr(node, "children", {}).values())
        if getattr(node, "proto", None) is not None:
            yield node

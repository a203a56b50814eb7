"""A name that is an address, an e-mail or a picture, on every page: no place that reads Markdown gets it as such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from gan_core.datasets import uploads
from gan_core.runs import Run
from tests.pages.conftest import Visit
from tools.hostile import AUTOLINK

NAME = "https://evil.example www.evil.example a@evil.example ![p](http://evil.example/p)"
PLAIN = {  # shown as they are by Streamlit itself, or data of a component of ours, which sets text and never HTML
    "text", "code", "textInput", "textArea", "arrowDataFrame", "selectbox", "multiselect", "plotlyChart", "bidiComponent", "imgs",
}  # fmt: skip
MARKDOWN = {"body", "label", "help", "caption", "options", "content", "text", "value", "delta"}


def texts(node: Any, kind: str = "", field: str = "") -> Iterator[tuple[str, str]]:
    """(kind of element, text) of all that an element's message holds under names of MARKDOWN."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from texts(value, kind or name, name)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value, kind, field)
    elif isinstance(node, str) and field in MARKDOWN and (kind not in PLAIN or field in ("label", "help")):
        yield kind, node


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("home", {}), ("runs", {}), ("train", {"run": "{id}"}), ("explore", {"run": "{id}"}), ("compare", {"runs": "{id}"}),
        ("replay", {"run": "{id}"}), ("data", {"view": "add"}), ("data", {"data": "{own}"}), ("collapse", {}), ("hub", {}),
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
        for kind, text in texts(element):
            shown = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
            if "evil" in text and (AUTOLINK.search(shown) or re.search(r"(?<!\\)\]\(", text)):
                found.append((kind, text))
    assert found == []


def _all(app: Any) -> Iterator[Any]:
    """The messages of all elements and blocks of a page, the sidebar's too."""
    waiting = [app._tree]
    while waiting:
        node = waiting.pop()
        waiting += list(getattr(node, "children", {}).values())
        if getattr(node, "proto", None) is not None:
            yield {node.type: MessageToDict(node.proto)}

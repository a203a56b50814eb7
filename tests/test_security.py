"""SECURITY.md names a test for each promise, and each of them exists."""

from __future__ import annotations

import ast
import re

from gan_core.config.settings import PROJECT_DIR

TEXT = (PROJECT_DIR / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)


def test_every_test_that_is_named_exists() -> None:
    functions = {
        path: {node.name for node in ast.parse((PROJECT_DIR / path).read_text(encoding="utf-8")).body
               if isinstance(node, ast.FunctionDef)}
        for path in {path for path, _name in NAMED}
    }  # fmt: skip
    assert [f"{path}::{name}" for path, name in NAMED if name not in functions[path]] == []


def test_every_promise_names_a_test() -> None:
    promises = TEXT.partition("## What is promised")[2].partition("## What is not promised")[0].split("\n|")[3:]
    assert len(promises) > 15
    assert [row for row in promises if not re.search(r"`tests/[\w/]+\.py::\w+`", row)] == []

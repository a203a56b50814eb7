"""Excerpts of our source, read from the imported files, so that a lesson shows the code that runs."""

from __future__ import annotations

import ast
import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from gan_core.config.settings import PROJECT_DIR
from gan_core.experiments.lessons.entry import Code


@dataclass(frozen=True)
class Excerpt:
    """Lines of a file.

    Attributes:
        file: relative to the project.
        line: number of the first one.
        text: the lines; those that were left out between them are one line of dots.
    """

    file: str
    line: int
    text: str


@functools.lru_cache(maxsize=128)
def excerpt(code: Code) -> Excerpt:
    """The lines that `code` names, without docstrings. The module is not run, so nothing heavy is loaded.

    Raises:
        ValueError: if there is no such function, or no statement that begins so.
    """
    module, _, name = code.path.partition(":")
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"There is no module '{module}' to show lines of.")
    file = Path(spec.origin)
    source = file.read_text("utf-8")
    function = _function(ast.parse(source), name.split("."), code.path)
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    lines = source.splitlines()
    parts = (
        [_statement(body, lines, start, code.path) for start in code.lines] if code.lines else _whole(function, body)
    )
    shown: list[str] = []
    for number, (first, last) in enumerate(parts):
        if number and first > parts[number - 1][1] + 1 and code.lines:
            shown.append(_indent(lines[first - 1]) + "...")
        shown += lines[first - 1 : last]
    least = min(len(_indent(line)) for line in shown if line.strip())
    text = "\n".join(line[least:] for line in shown)
    return Excerpt(file.relative_to(PROJECT_DIR).as_posix(), parts[0][0], text)


def _function(tree: ast.Module, names: list[str], path: str) -> ast.FunctionDef:
    place: ast.Module | ast.ClassDef | ast.FunctionDef = tree
    for name in names:
        kinds = (ast.ClassDef, ast.FunctionDef)
        found = next((node for node in place.body if isinstance(node, kinds) and node.name == name), None)
        if found is None:
            raise ValueError(f"There is no '{path}' to show lines of.")
        place = found
    if not isinstance(place, ast.FunctionDef):
        raise ValueError(f"'{path}' is no function to show lines of.")
    return place


def _whole(function: ast.FunctionDef, body: list[ast.stmt]) -> list[tuple[int, int]]:
    """(first, last) line of the function's head, and of its body."""
    return [(function.lineno, function.body[0].lineno - 1), (body[0].lineno, body[-1].end_lineno or body[-1].lineno)]


def _statement(body: list[ast.stmt], lines: list[str], start: str, path: str) -> tuple[int, int]:
    """(first, last) line of the statement that begins so, at any depth; of an `if`, to the end of its first statement."""
    for node in (inner for statement in body for inner in ast.walk(statement)):
        if isinstance(node, ast.stmt) and lines[node.lineno - 1].strip().startswith(start):
            nested = getattr(node, "body", None)
            end = nested[0].end_lineno if nested else node.end_lineno
            return node.lineno, end or node.lineno
    raise ValueError(f"'{path}' has no statement that begins with '{start}'.")


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]

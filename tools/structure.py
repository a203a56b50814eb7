"""The figures of docs/architecture.md: rooms, arrows between them, files a folder, lines.

    python tools/structure.py [CHECKOUT]

A room is a module or package directly below `gan_core`; an arrow is one room that imports another, wherever in the file.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from pathlib import Path


def modules(top: Path, folder: str) -> dict[str, Path]:
    """Module name -> file, of all Python files below a folder of the checkout."""
    names = {}
    for path in sorted((top / folder).glob("**/*.py")):
        parts = path.relative_to(top).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def targets(path: Path, known: dict[str, Path]) -> set[str]:
    """The modules of `known` that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else node.module for name in inner}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & known.keys()


def lines(paths: list[Path]) -> int:
    """Lines of these files together."""
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def main(top: Path) -> None:
    """Prints the figures of a checkout."""
    engine, pages = modules(top, "gan_core"), modules(top, "pages")
    room = {name: name.split(".")[1] for name in engine if "." in name and not name.endswith("__main__")}
    arrows = {
        (room[name], room[target])
        for name in room
        for target in targets(engine[name], engine)
        if target in room and room[target] != room[name]
    }
    folders = Counter(path.parent for path in [*engine.values(), *pages.values()])
    crowded, most = folders.most_common(1)[0]
    print(f"rooms of gan_core: {len(set(room.values()))}")
    print(f"arrows between rooms: {len(arrows)}")
    print(f"files in the fullest folder: {most} ({crowded.relative_to(top)})")
    print(f"files: {len(engine)} in gan_core, {len(pages)} in pages")
    sources = [*engine.values(), *pages.values(), top / "app.py"]
    print(f"lines of Python in gan_core, pages and app.py: {lines(sources):,}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)

"""Collects every string that people read, for translation, and compiles what is translated.

    python tools/messages.py           every locales/LANGUAGE/LC_MESSAGES/ganvas.po merged with the messages of now, and compiled
    python tools/messages.py zh_TW     begins a language
    python tools/messages.py --check   changes nothing; fails, and says why, if one of them is not up to date or not complete

Pages mark their strings with `_`, `ngettext` and `N_`. What gan_core says (refusals, titles, explanations, lessons, presets, help of the
settings) is collected from its source: every string of words, and every f-string as a template with named fields, by which
`gan_core/config/sentences.py` knows a sentence again, whichever process or older version wrote it.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run from anywhere, installed or not

from gan_core.config.sentences import FIELD

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "locales"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
HEADERS = (b'"Language', b'"Plural-Forms', b'"MIME', b'"Content')
KEYWORDS = {"_": 1, "ngettext": 2, "N_": 1}
"""Function that marks a string -> how many of its arguments are words."""
CORE_KEYWORDS = {"_": 0, "Series": 1, "Metric": 1, "Arm": 1}
"""Function of gan_core whose argument at this place is words, even where it is a single one."""
SILENT = ("cli", "lab2d/worker.py")
"""Parts of gan_core that no page shows: the command line speaks English."""
TITLE = re.compile(r"[A-Z][a-z]+:?")
"""A single word: for people where it is given to `_`, to a phase of work or to an entry of a table, otherwise a name."""
SHOWS = re.compile(r"(?<![\w.])_$|\.phase$|(?:^|\.)(?!TypeVar$)[A-Z]\w*$")
WORDS = re.compile(r"[A-Za-z]{2,}[\s\S]*\s[\s\S]*[A-Za-z]{2,}|^[A-Z][a-z]+:?$|^[a-z]{3,}$")
WORD = re.compile(r"[a-z]{3,}")
"""Without one it is a symbol or an abbreviation, the same in every language."""
CODE = re.compile(
    r"^[\w.:/*\-{}<>=\[\]]+$|^--|^python |^https?:|gan_core\.\w+:|\(\?[:P<i]|^<[a-z]+ [^>]*$|\{ [\w-]+:|^system volume"
)


def page_messages() -> Iterator[tuple[str, int, str | tuple[str, str]]]:
    """File, line and message of each string that pages mark, also within f-strings."""
    for path in [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
                words = [part.value for part in node.args[: KEYWORDS[node.func.id]] if isinstance(part, ast.Constant)]
                if len(words) == KEYWORDS[node.func.id]:
                    yield (
                        path.relative_to(ROOT).as_posix(),
                        node.lineno,
                        words[0] if len(words) == 1 else (words[0], words[1]),
                    )


def core_messages() -> Iterator[tuple[str, int, str]]:
    """File, line and message of each string of words in gan_core, of an f-string its template; and in the templates of reports."""
    for path in sorted((ROOT / "gan_core").rglob("*.py")):
        name = path.relative_to(ROOT / "gan_core").as_posix()
        if not name.startswith(SILENT):
            for line, message in said(ast.parse(path.read_text("utf-8"))):
                yield path.relative_to(ROOT).as_posix(), line, message
    for path in sorted(
        (ROOT / "checkpoints" / "pretrained").glob("*/about.json")
    ):  # the runs that come with the program
        yield path.relative_to(ROOT).as_posix(), 0, json.loads(path.read_text("utf-8"))["name"]
    for path in sorted((ROOT / "gan_core" / "report" / "templates").glob("*.toml")):
        for message in _values(tomllib.loads(path.read_text("utf-8"))):
            if WORDS.search(message):
                yield path.relative_to(ROOT).as_posix(), 0, message


def _values(data: object) -> Iterator[str]:
    """Every text in a TOML file."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from _values(part)


def said(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and message of each string of words in a module, and of each that CORE_KEYWORDS or a title mark; docstrings are left out,
    but for the help of settings."""
    skipped, titles, marked = {id(line) for line in _docstrings(tree)}, set[int](), set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
        if isinstance(node, ast.Call) and SHOWS.search(ast.unparse(node.func)):
            titles |= {id(part) for part in (*node.args, *(word.value for word in node.keywords))}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CORE_KEYWORDS:
            given = node.args[CORE_KEYWORDS[node.func.id] :][:1]
            marked |= {id(part) for part in given if WORD.search(str(getattr(part, "value", "")))}
        if isinstance(node, ast.keyword) and node.arg == "title":
            marked.add(id(node.value))
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            text = template(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        words = WORDS.search(FIELD.sub("", text)) and not CODE.search(text)
        if words or id(node) in marked or (TITLE.fullmatch(text) and id(node) in titles):
            yield node.lineno, text


def template(node: ast.JoinedStr) -> str:
    """An f-string with its expressions as named fields, each name once: "Got {got}, not {wanted}."."""
    parts, taken = [], set[str]()
    for part in node.values:
        if isinstance(part, ast.Constant):
            words = str(part.value)  # what looks like a field is filled in later
            parts.append(words if FIELD.search(words) else words.replace("{", "{{").replace("}", "}}"))
            continue
        words = re.findall(r"[A-Za-z_]+", ast.unparse(part.value)) if isinstance(part, ast.FormattedValue) else []
        base = name = next((word for word in reversed(words) if word.isidentifier() and len(word) > 1), "value")
        number = 2
        while name in taken:
            name, number = f"{base}{number}", number + 1
        taken.add(name)
        parts.append(f"{{{name}}}")
    return "".join(parts)


def _docstrings(tree: ast.AST) -> Iterator[ast.AST]:
    """String expressions that stand alone, but for those below a field of a Section: they are its help."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for number, line in enumerate(body if isinstance(body, list) else []):
            if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant):
                is_help = isinstance(node, ast.ClassDef) and number > 0 and isinstance(body[number - 1], ast.AnnAssign)
                if not is_help:
                    yield line.value


def collected() -> Catalog:
    """All messages, with the places where they stand, in the order of pages and gan_core."""
    catalog = Catalog(project="Ganvas", charset="utf-8", fuzzy=False)
    for place, line, message in (*page_messages(), *core_messages()):
        catalog.add(message, locations=[(place, line)])
    return catalog


def written(catalog: Catalog) -> bytes:
    """A catalogue as a file, without dates and lines, so that it changes when its messages do."""
    content = io.BytesIO()
    write_po(content, catalog, width=120, include_lineno=False)
    head, _, rest = content.getvalue().partition(b"\n\n")
    kept = [line for line in head.split(b"\n") if line.startswith((b"msg", *HEADERS))]
    return b"\n".join(kept) + b"\n\n" + rest


def merged(path: Path, messages: Catalog) -> Catalog:
    """A language's catalogue with the messages of now: what is translated stays, what is gone goes, nothing is guessed."""
    content = io.BytesIO(path.read_bytes() if path.is_file() else b"")
    catalog = read_po(content, locale=path.parts[-3], charset="utf-8")
    catalog.update(messages, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    return catalog


def faults(path: Path, catalog: Catalog) -> Iterator[str]:
    """What is missing or wrong in a language's catalogue."""
    for message in catalog:
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        words = message.string if isinstance(message.string, tuple) else (message.string,)
        where = f"{path.parts[-3]}: {ids[0][:80]!r}"
        if not all(words):
            yield f"{where} is not translated"
        elif unknown := {f[1] for text in words for f in FIELD.finditer(text)} - {
            f[1] for text in ids for f in FIELD.finditer(text)
        }:
            yield f"{where} has no field {', '.join(sorted(unknown))}"


def main() -> None:
    """Collects and compiles, or checks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("language", nargs="?", default="", help="a language to begin, such as zh_TW")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if one is out of date or incomplete")
    chosen = parser.parse_args()
    messages, wrong = collected(), list[str]()
    paths = set(LOCALES.glob("*/LC_MESSAGES/ganvas.po"))
    if chosen.language:
        paths.add(LOCALES / chosen.language / "LC_MESSAGES" / "ganvas.po")
    made: dict[Path, bytes] = {}
    for path in sorted(paths):
        catalog = merged(path, messages)
        wrong += faults(path, catalog)
        catalog.creation_date = catalog.revision_date = LONG_AGO  # the compiled file changes with its messages only
        binary = io.BytesIO()
        write_mo(binary, catalog)
        made |= {path: written(catalog), path.with_suffix(".mo"): binary.getvalue()}
    print(f"{len(messages)} messages, {len(wrong)} faults")
    if chosen.check:
        stale = [path for path, content in made.items() if not path.is_file() or path.read_bytes() != content]
        wrong += [f"{path.relative_to(ROOT)} is out of date: python tools/messages.py" for path in stale]
        sys.exit("\n".join(wrong) or None)
    for path, content in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()

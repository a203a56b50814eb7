"""Our own Markdown: links and anchors resolve, the site has every page, commands and diffs are real."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest
import yaml

from gan_core.config.settings import PROJECT_DIR
from tests.test_cost_of_change import ADDITIONS
from tests.test_deploy import check_command

DOCS = PROJECT_DIR / "docs"
PAGES = [PROJECT_DIR / "README.md", PROJECT_DIR / "SECURITY.md", *sorted(DOCS.rglob("*.md"))]
GUIDES = [DOCS / name for name in ("user.md", "teacher.md", "zh-TW/user.md", "zh-TW/teacher.md")]


def prose(text: str) -> str:
    """The text without its code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and mkdocs make them."""
    outside = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    names = re.findall(r"^#+ (.+)$", outside, re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", name).lower() for name in names]
    return {re.sub(r"[^\w\- ]", "", name).strip().replace(" ", "-") for name in plain}


def broken(page: Path, text: str) -> list[str]:
    """The relative links of a page that lead nowhere."""
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(text)):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            wrong.append(target)
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page, page.read_text(encoding="utf-8")) == []


def test_a_broken_link_and_a_broken_anchor_are_found() -> None:
    text = "# One `two`\n[a](user.md) [b](nothing.md) [c](#one-two) [d](#three) [e](https://example.org) `[f](g)`"
    assert broken(DOCS / "index.md", text.replace("(#one-two)", "(teacher.md#a-term)")) == ["nothing.md", "#three"]


def site_pages(entry: object) -> list[str]:
    """The files in the navigation of mkdocs.yml."""
    if isinstance(entry, dict):
        return [page for value in entry.values() for page in site_pages(value)]
    return [page for part in entry for page in site_pages(part)] if isinstance(entry, list) else [str(entry)]


def test_the_site_has_every_page_once() -> None:
    told = yaml.safe_load((PROJECT_DIR / "mkdocs.yml").read_text(encoding="utf-8"))
    assert sorted(site_pages(told["nav"])) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


def test_the_reference_names_modules_that_exist() -> None:
    names = re.findall(r"^::: (\S+)$", (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert names.pop(0) == "gan_core.load" and len(names) > 10
    assert [name for name in names if importlib.util.find_spec(name) is None] == []


@pytest.mark.parametrize("name", ["loss", "data set", "page"])
def test_the_diffs_of_the_developers_guide_are_real_additions(name: str) -> None:
    part = re.split(r"^## ", (DOCS / "developers.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    (text,) = [part for part in part if part.startswith(f"Add a {name}\n")]
    (diff,) = re.findall(r"^```diff\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    files = re.split(r"^--- .*\n\+\+\+ b/(.*)\n", diff, flags=re.MULTILINE)[1:]
    told = dict(zip(files[::2], files[1::2], strict=True))
    addition = ADDITIONS[name]
    assert told.keys() == addition.files.keys() | addition.lines.keys()
    for path, lines in told.items():
        new = addition.files.get(path) or "".join(new for _before, new in addition.lines[path])
        added = "".join(line.removeprefix("+") for line in lines.splitlines())
        assert added and re.sub(r"\s", "", added) in re.sub(r"\s", "", new)


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_the_commands_of_the_guides_exist(page: Path) -> None:
    commands = re.findall(r"(?:^|`)(ganvas [a-z-]+[^`#\n]*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    for command in commands:
        check_command(shlex.split(command))
    assert len(commands) > 2

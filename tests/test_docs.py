"""Our own Markdown: links and anchors resolve, the site has every page, commands and diffs are real."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from gan_core.config.settings import PROJECT_DIR
from tests.test_cost_of_change import in_copy
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


USED = """
from streamlit.testing.v1 import AppTest
import torch
from gan_core import runs
from gan_core.config import settings
from gan_core.datasets import DATASETS
from gan_core.models.objectives import OBJECTIVES
from pages.components.text import as_text

logits = torch.tensor([-1.0, 2.0])
assert torch.allclose(OBJECTIVES["minimax"].generator(None, logits), torch.log(1 - torch.sigmoid(logits)).mean())
(run,) = runs.list_runs(settings.runs_dir())
assert run.status().state == "finished" and (run.config().objective.name, run.config().dataset.name) == ("minimax", "digits8")
assert DATASETS["digits8"].mixed
app = AppTest.from_file("app.py", default_timeout=200).run()
assert "Gallery" in [str(link.proto.label) for link in app.sidebar.get("page_link")]
app.switch_page("pages/gallery.py").run()
assert not app.exception and [title.value for title in app.title] == ["Gallery"]
assert app.get("image")[0].proto.imgs[0].caption == f"{as_text(run.name)}, step 4"
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with the diffs of the developer's guide, each applied by git."""
    place = tmp_path_factory.mktemp("guide")
    for name in ("gan_core", "pages", ".streamlit"):
        shutil.copytree(PROJECT_DIR / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "pyproject.toml"):
        shutil.copy(PROJECT_DIR / name, place)
    diffs = re.findall(r"^```diff\n(.*?)^```", (DOCS / "developers.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert len(diffs) == 3
    for diff in diffs:
        done = subprocess.run(["git", "apply", "-"], input=diff, cwd=place, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stderr}\n{diff}"
    return place


@pytest.mark.slow
def test_the_diffs_of_the_developers_guide_apply_and_work(copy: Path) -> None:
    small = ["network.width=4", "network.latent_dim=8", "dataset.image_size=16", "dataset.num_images=64", "training.batch_size=16",
             "training.max_steps=4", "training.device=cpu", "training.threads=1", "training.precision=fp32"]  # fmt: skip
    changes = ["objective.name=minimax", "dataset.name=digits8", *small]
    in_copy(copy, "-m", "gan_core", "train", "mnist-dcgan", *(part for one in changes for part in ("--set", one)))
    in_copy(copy, "-c", USED)


def test_the_site_is_built_and_every_link_of_it_leads_somewhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    pages = {path: Links(path) for path in tmp_path.rglob("*.html") if path.name != "404.html"}
    assert len(pages) > 20 and (tmp_path / "files" / "deploy" / "compose.yaml.txt").is_file()
    wrong = [
        f"{path.relative_to(tmp_path)}: {link}"
        for path, page in pages.items()
        for link in page.links
        if not leads_somewhere(path, link, pages)
    ]
    assert wrong == []
    first = next(iter(pages))
    assert not leads_somewhere(first, "nothing.html", pages) and not leads_somewhere(first, "#nothing", pages)


class Links(HTMLParser):
    """What an HTML file links to and loads, and what can be linked to in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.ids = {"", "__skip"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src"):
                self.links.add(value or "")
            if name in ("id", "name"):
                self.ids.add(value or "")


def leads_somewhere(page: Path, link: str, pages: dict[Path, Links]) -> bool:
    """Whether a link within the site has a file, and its anchor."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    path = path / "index.html" if path.is_dir() else path
    return path.is_file() and (path not in pages or unquote(parts.fragment) in pages[path].ids)


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_the_commands_of_the_guides_exist(page: Path) -> None:
    commands = re.findall(r"(?:^|`)(ganvas [a-z-]+[^`#\n]*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    for command in commands:
        check_command(shlex.split(command))
    assert len(commands) > 2

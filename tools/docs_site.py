"""A hook of mkdocs.yml: files of the project that the documentation links to, and that are not part of it, stand in the site as text.

README.md, SECURITY.md, deploy/ and the like lie beside docs/. On the site `../deploy/compose.yaml` is `files/deploy/compose.yaml.txt`, so
that every link leads somewhere and `mkdocs build --strict` checks them all.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

LINK = re.compile(r"(\]\()((?:\.\./)+[\w./-]+)(\))")
PLACE = "files"


def outside(page: str, target: str, docs: Path) -> Path | None:
    """The file beside docs/ that a link of a page means, relative to the project; None where it means another.

    Args:
        page: the page's path within docs/.
        target: of the link, without an anchor.
        docs: the folder of the documentation.
    """
    project = docs.parent.resolve()
    path = (docs / page).parent.joinpath(target).resolve()
    inside = path.is_relative_to(docs.resolve()) or not path.is_relative_to(project)
    return None if inside or not path.is_file() else path.relative_to(project)


def on_files(files: Files, config: Any) -> Files:
    """Adds what the pages link to."""
    docs = Path(config.docs_dir)
    for page in list(files.documentation_pages()):
        for _open, target, _close in LINK.findall(page.content_string):
            path = outside(page.src_uri, target, docs)
            if path is not None and files.get_file_from_path(f"{PLACE}/{path.as_posix()}.txt") is None:
                content = (docs.parent / path).read_text(encoding="utf-8")
                files.append(File.generated(config, f"{PLACE}/{path.as_posix()}.txt", content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Leads the links of a page there."""

    def led(link: re.Match[str]) -> str:
        path = outside(page.file.src_uri, link[2], Path(config.docs_dir))
        if path is None:
            return link[0]
        there = f"{PLACE}/{path.as_posix()}.txt"
        return f"{link[1]}{posixpath.relpath(there, posixpath.dirname(page.file.src_uri) or '.')}{link[3]}"

    return LINK.sub(led, markdown)

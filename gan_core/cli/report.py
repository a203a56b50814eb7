"""`python -m gan_core report` and `publish`: runs for their readers."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from gan_core import runs
from gan_core.cli.hub import Retries, carry_out
from gan_core.cli.terminal import RunName, RunsDir, bar, console, runs_folder
from gan_core.config.sentences import LANGUAGES
from gan_core.hub.orders import LICENCES, PAGE, Space
from gan_core.report import formats, templates
from gan_core.report.document import Person
from gan_core.report.formats import FORMATS
from gan_core.runs import Run


def report(
    run: Annotated[list[str], typer.Argument(metavar="RUN", help="Ids or names of runs, as `runs` lists them.")],
    out: Annotated[Path, typer.Option(help="File or folder to write; it must not exist yet.")],
    template: Annotated[
        str, typer.Option(help=f"One of: {', '.join(templates.names())}; or a .toml file of your own.")
    ] = templates.DEFAULT,
    form: Annotated[
        str,
        typer.Option("--format", help="; ".join(f"{name}: {entry.title}" for name, entry in FORMATS.items()) + "."),
    ] = "html",
    name: Annotated[str, typer.Option(help="Your name.")] = "",
    number: Annotated[str, typer.Option(help="Your student number.")] = "",
    course: Annotated[str, typer.Option(help="The course.")] = "",
    language: Annotated[str, typer.Option(help=f"One of: {', '.join(LANGUAGES)}.")] = "en",
    runs_dir: RunsDir = None,
) -> None:
    """Write a report of one or more runs from a template. You write the discussion yourself. Nothing is overwritten."""
    folder = runs_folder(runs_dir)
    found = [runs.find(folder, one) for one in run]
    with bar("Report") as move:
        words = formats.write(
            found, template, form, out, Person(name, number, course), language,
            lambda _stage, done=0, total=0, value=None: move(done, total, ""),
        )  # fmt: skip
    console.print(escape(f"{out}: {words}"), soft_wrap=True)


def publish(
    run: RunName,
    out: Annotated[Path | None, typer.Option(help="Folder to write; it must not exist yet.")] = None,
    space: Annotated[
        str, typer.Option(help="Upload it to the Hub as the static Space user/name, private unless --public.")
    ] = "",
    public: Annotated[bool, typer.Option("--public", help="Make the Space visible to everybody.")] = False,
    licence: Annotated[str, typer.Option(help=f"One of: {', '.join(filter(None, LICENCES))}.")] = "",
    language: Annotated[str, typer.Option(help=f"One of: {', '.join(LANGUAGES)}.")] = "en",
    retries: Retries = 0,
    runs_dir: RunsDir = None,
) -> None:
    """Write a run as one static page that contains its generator: it opens from a file, without a server or a network."""
    if out is None and not space:
        raise ValueError("Nowhere to publish it: give --out FOLDER, --space user/name, or both.")
    folder = runs_folder(runs_dir)
    found = runs.find(folder, run)
    order = Space(space, private=not public, run=str(found.path)) if space else None
    with tempfile.TemporaryDirectory() as aside:
        page = out or Path(aside, "page")
        words = _page(found, page, language, licence)
        if out is not None:
            console.print(escape(f"{out}: {words}"), soft_wrap=True)
        if order is not None:
            result = carry_out(order, folder, retries, fill=lambda place: shutil.copytree(page, place / PAGE))
            access = "only you can see it" if result["private"] else "everybody can see it"
            print(f"{result['url']} holds the page as revision {result['revision']}; {access}.")


def _page(run: Run, path: Path, language: str, licence: str) -> str:
    from gan_core.report import publishing

    with bar("Page") as move:
        return publishing.publish(
            run, path, language, lambda _stage, done=0, total=0, value=None: move(done, total, ""), licence
        )

"""What a report is written as, one entry each, and the work that writes it for a page. Loads no torch until it builds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gan_core.config.registry import Registry
from gan_core.exchange import output, run_zip
from gan_core.jobs.task import Arrays, Report, Task
from gan_core.report import templates
from gan_core.report.document import NOBODY, Person, ReportDocument, translator
from gan_core.report.templates import ReportTemplate
from gan_core.runs import Run


@dataclass(frozen=True)
class ReportFormat:
    """A line of the table.

    Attributes:
        title: what it is, for people.
        suffix: how the file's name ends; "" for a folder.
        write: (document, its template, the runs, the new file or folder) -> what it holds beside the report, in words.
        check: refuses, with a ValueError, what it cannot be made of; before anything is drawn.
    """

    title: str
    suffix: str
    write: Callable[[ReportDocument, ReportTemplate, Sequence[Run], Path], str]
    check: Callable[[ReportTemplate, Sequence[Run], Person], None] = lambda _template, _runs, _person: None


def _html(document: ReportDocument, _template: ReportTemplate, _runs: Sequence[Run], place: Path) -> str:
    from gan_core.report import html

    place.write_text(html.page(document), encoding="utf-8")
    return ""


def _pdf(document: ReportDocument, _template: ReportTemplate, _runs: Sequence[Run], place: Path) -> str:
    from gan_core.report import html

    place.write_bytes(html.pdf(document))
    return ""


def _markdown(document: ReportDocument, _template: ReportTemplate, _runs: Sequence[Run], place: Path) -> str:
    from gan_core.report import markdown

    for name, content in markdown.files(document).items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return ""


def _notebook(document: ReportDocument, template: ReportTemplate, _runs: Sequence[Run], place: Path) -> str:
    from gan_core.report import notebook

    place.write_text(notebook.content(document, template), encoding="utf-8")
    return ""


def _pdf_check(_template: ReportTemplate, _runs: Sequence[Run], _person: Person) -> None:
    from gan_core.report import html

    html.weasyprint()


def _hand_in_check(template: ReportTemplate, runs: Sequence[Run], person: Person) -> None:
    from gan_core.report.hand_in import HAND_INS

    if not template.hand_in:
        having = ", ".join(name for name in templates.names() if templates.find(name).hand_in)
        raise ValueError(
            f"The template '{template.name}' prescribes no files. Choose another format, or one of: {having}."
        )
    if len(runs) > 1:
        raise ValueError(f"A hand-in is of one run; got {len(runs)}. Write each into a folder of its own.")
    HAND_INS.find(template.hand_in).check(person, runs[0].config())


def _hand_in(document: ReportDocument, template: ReportTemplate, runs: Sequence[Run], place: Path) -> str:
    from gan_core.report import html
    from gan_core.report.hand_in import HAND_INS
    from gan_core.report.source import Reported

    place.mkdir()
    reported = Reported(runs[0], translator(document.language), template.samples)
    report = html.page(document).encode()
    return ": " + HAND_INS.find(template.hand_in).fill(reported, report, place, document.person)


FORMATS: Registry[ReportFormat] = Registry(
    "format",
    {
        "html": ReportFormat("one page, to read or to print", ".html", _html),
        "md": ReportFormat("Markdown, a folder with its figures", "", _markdown),
        "ipynb": ReportFormat("Jupyter notebook that runs again", ".ipynb", _notebook),
        "pdf": ReportFormat("PDF, by WeasyPrint", ".pdf", _pdf, _pdf_check),
        "hand-in": ReportFormat("what the course wants, a folder", "", _hand_in, _hand_in_check),
    },
)


def write(
    runs: Sequence[Run],
    template: str,
    form: str,
    path: Path,
    person: Person = NOBODY,
    language: str = "en",
    report: Report | None = None,
) -> str:
    """Writes the report of some runs; the same runs give the same bytes.

    Args:
        runs, person, language, report: as `building.build` takes them.
        template: as `templates.find` takes it.
        form: a key of FORMATS.
        path: the new file or folder.

    Returns:
        What it holds, in words.

    Raises:
        ValueError: an unknown template or format, another ending of the name, `building.build`, `output.new`, a PDF without
            WeasyPrint, or a hand-in that the template or the run cannot give.
    """
    document, more = _written(runs, template, form, path, person, language, report)
    figures, missing = len(document.figures()), len(document.missing)
    return (
        f"report of {len(runs)} run{'s' * (len(runs) > 1)}, {figures} figures, {missing} notes on what is missing{more}"
    )


def _written(
    runs: Sequence[Run], template: str, form: str, path: Path, person: Person, language: str, report: Report | None
) -> tuple[ReportDocument, str]:
    """The document that was written, and what is beside it, in words."""
    from gan_core.report import building

    chosen, entry = templates.find(template), FORMATS.find(form)
    if entry.suffix and path.suffix.lower() != entry.suffix:
        raise ValueError(f"The format '{form}' is a file that ends in {entry.suffix}; got '{path.name}'.")
    entry.check(chosen, runs, person)
    with output.new(path) as place:
        document = building.build(runs, chosen, person, language, report or building.silent)
        return document, entry.write(document, chosen, runs, place)


def task(
    runs: Sequence[Run], template: str, form: str, person: Person = NOBODY, language: str = "en", stamp: Any = None
) -> Task:
    """The background work that writes a report for a download.

    Args:
        runs, template, form, person, language: as `write` takes them.
        stamp: whatever changes when the runs do, as a JSON value: see `stamp_of`.
    """
    return Task.of(
        "gan_core.report.formats:make", runs=[str(run.path) for run in runs], template=template, format=form,
        person=asdict(person), language=language, stamp=stamp,
    )  # fmt: skip


def stamp_of(run: Run) -> list[Any]:
    """Changes whenever something that a report tells of a run does."""
    logs = (run.metrics_path, run.events_path, run.evaluations_path, run.notes_path)
    times = [path.stat().st_mtime_ns // 1000 if path.exists() else 0 for path in logs]
    return [max(run.checkpoint_steps(), default=0), *times, run.name, run.note]


def suffix(form: str) -> str:
    """How the name of the file that `make` gives ends: a folder is sent as a zip."""
    return FORMATS.find(form).suffix or ".zip"


def make(arguments: dict[str, Any], report: Report) -> Arrays:
    """The work of `task`.

    Returns:
        `content`, the bytes of the file, or of a zip of the folder; `missing` (M,), the report's sentences; of its F figures
        `keys`, `captions` and `kinds` (F,), and each one's bytes as `figure_0` ...

    Raises:
        ValueError: as `write`.
    """
    form = arguments["format"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report" + FORMATS.find(form).suffix)
        runs = [Run(Path(run)) for run in arguments["runs"]]
        document, _more = _written(runs, arguments["template"], form, path, Person(**arguments["person"]),
                                   arguments["language"], report)  # fmt: skip
        if path.is_dir():
            run_zip.pack(path, packed := path.with_suffix(".zip"))
            path = packed
        content = np.frombuffer(path.read_bytes(), np.uint8)
    figures = document.figures()
    texts = {
        "missing": document.missing, "keys": [figure.key for figure in figures],
        "captions": [figure.caption for figure in figures], "kinds": [figure.kind for figure in figures],
    }  # fmt: skip
    pictures = {f"figure_{i}": np.frombuffer(figure.content, np.uint8) for i, figure in enumerate(figures)}
    return {"content": content, **pictures, **{name: np.array(words, np.str_) for name, words in texts.items()}}

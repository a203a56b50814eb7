"""A report as a document: the parts of a template, made of one run or of several, and what of it is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gan_core.analysis.comparing import MAX_RUNS
from gan_core.config.registry import Registry
from gan_core.jobs.task import Report
from gan_core.report import side_by_side
from gan_core.report.document import Chapter, Paragraph, Part, Person, ReportDocument, Translate, translator
from gan_core.report.drawn import DRAWN, in_steps, labelled, of_images
from gan_core.report.parts import RECORDED, PartEntry
from gan_core.report.source import Reported
from gan_core.report.templates import ReportTemplate
from gan_core.runs import Run

PARTS: Registry[PartEntry] = Registry("part of a report", RECORDED | DRAWN)

CALL, TOGETHER = 'runs[{number}].show("{name}")', "notebook.together(runs)"  # of `notebook`
_NEEDS: dict[str, tuple[Callable[[Reported], bool], str]] = {
    "images": (of_images, "pictures; it draws points"),
    "objects": (labelled("objects"), "a model that is asked for the 24 objects, such as r2-cgan-lite"),
    "classes": (labelled("classes"), "a model that is asked for classes, such as a conditional one of digits"),
    "diffusion": (in_steps, "a diffusion model"),
}


def silent(stage: str, done: int = 0, total: int = 0, value: float | None = None) -> None:
    """A `Report` that reports nothing."""


def build(
    runs: Sequence[Run], template: ReportTemplate, person: Person, language: str = "en", report: Report = silent
) -> ReportDocument:
    """The report of some runs: side by side if they are several, then each by the template.

    Args:
        runs: at least one, at most MAX_RUNS.
        template: see `templates.find`.
        person: whose report it is.
        language: of the report's own words, one of `document.LANGUAGES`.
        report: called with "report" and how many parts of how many are made.

    Raises:
        ValueError: no run or too many, an unknown language or part, a template that a run cannot give, or a run that recorded
            nothing yet.
    """
    if not 1 <= len(runs) <= MAX_RUNS:
        raise ValueError(f"A report is of 1 to {MAX_RUNS} runs; got {len(runs)}.")
    _ = translator(language)
    read = [Reported(run, _, template.samples) for run in runs]
    for one in read:
        check(one, template)
    for name in (name for section in template.sections for name in section.parts):
        PARTS.find(name)
    chapters = list[Chapter]()
    if len(runs) > 1:
        together = side_by_side.compare(read)
        chapters.append(Chapter(_("The runs side by side"), tuple(together), (TOGETHER,) * len(together)))
    absent = _Absent()
    total = len(read) * sum(len(section.parts) for section in template.sections)
    progress = iter(range(total))
    for number, one in enumerate(read):
        own = f"{one.run.called(_)}: " if len(runs) > 1 else ""
        for section in template.sections:
            made: list[tuple[str, Part]] = [("", Paragraph(_(question), "question")) for question in section.questions]
            for name in section.parts:
                report("report", next(progress), total)
                made += [(CALL.format(number=number, name=name), part) for part in absent.made(one, PARTS[name], own)]
            calls, parts = zip(*made, strict=True) if made else ((), ())
            chapters.append(Chapter(f"{own}{_(section.title)}", parts, calls))
    title = f"{_(template.title)}: {', '.join(run.called(_) for run in runs)}"
    ids = tuple(run.id for run in runs)
    return ReportDocument(title, language, person, ids, tuple(chapters), absent.sentences(_))


class _Absent:
    """What runs do not give: with the reason, or because their kind of model never does."""

    def __init__(self) -> None:
        self._missing: list[str] = []
        self._unfit: list[str] = []

    def made(self, one: Reported, entry: PartEntry, own: str) -> list[Part]:
        """A part of a run; nothing where the run does not give it. `own` begins the sentence that says why."""
        title = one.translate(entry.title)
        if not entry.fits(one):
            self._unfit.append(title)
            return []
        try:
            return entry.make(one)
        except ValueError as why:
            self._missing.append(f"{own}{title}. {one.translate(str(why))}")
            return []

    def sentences(self, _: Translate) -> tuple[str, ...]:
        """A sentence each, and one for all that do not fit."""
        unfit = ", ".join(dict.fromkeys(self._unfit))
        last = [_("Not for this kind of model: {parts}.").format(parts=unfit)] if unfit else []
        return tuple(dict.fromkeys([*self._missing, *last]))


def check(one: Reported, template: ReportTemplate) -> None:
    """Raises ValueError if the run has nothing to report yet, or is not what the template is for."""
    name = one.run.name
    if not len(one.record.columns.get("step", ())) and not one.run.sample_steps():
        raise ValueError(
            f"The run '{name}' has neither samples nor curves yet, so there is nothing to report. Train it for a while first."
        )
    if template.needs:
        fits, words = _NEEDS[template.needs]
        if not fits(one):
            raise ValueError(
                f"The template '{template.name}' is for {words}; the run '{name}' ({one.config.preset}) is none. Choose another "
                "run, or the template 'plain'."
            )

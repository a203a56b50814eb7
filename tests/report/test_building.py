"""A report holds what the run has, asks what the student is to answer, and says what is missing and why."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from helpers import tiny_run

from gan_core.report import building, parts, templates
from gan_core.report.document import (
    NOBODY,
    CodeLines,
    Illustration,
    Paragraph,
    Person,
    ReportDocument,
    Tabular,
    translator,
)
from gan_core.report.source import Reported
from gan_core.report.templates import ReportTemplate, TemplateSection
from gan_core.runs import Run, evaluations, notes
from gan_core.runs.evaluations import Evaluation


def build(*runs: Run, template: str = "plain", person: Person = NOBODY) -> ReportDocument:
    return building.build(runs, templates.find(template), person)


def with_parts(*names: str) -> ReportTemplate:
    return ReportTemplate("own", "Own", (TemplateSection("All", (), names),))


def reported(run: Run) -> Reported:
    return Reported(run, translator("en"), 16)


def test_a_report_of_a_gan_holds_networks_curves_pictures_and_how_to_repeat_it(finished: Run):
    notes.observe(finished, "losses", "D wins early")
    evaluations.add(finished, [Evaluation("fid", 12.5, (11.0, 14.0), 20, 64, "inception")])
    found = build(finished)
    keys = {figure.key for figure in found.figures()}
    assert keys >= {
        "network_generator",
        "network_discriminator",
        "losses",
        "judgement",
        "gradients",
        "samples",
        "beside",
        "film",
        "preprocessing",
    }
    assert {figure.key: figure.remark for figure in found.figures()}["losses"] == "D wins early"
    every = [part for chapter in found.chapters for part in chapter.parts]
    tables = {part.caption: part for part in every if isinstance(part, Tabular)}
    [row] = tables["Measured after training"].rows
    assert row[1:] == ("12.5", "11 – 14", "", "64", "20", "inception")
    assert any(isinstance(part, Paragraph) and part.kind == "question" for part in every)
    commands = [
        part.text for part in every if isinstance(part, CodeLines) and part.text.startswith("python -m gan_core train")
    ]
    assert len(commands) == 1 and "training.batch_size=16" in commands[0] and "training.device" not in commands[0]
    assert any(sentence.startswith("Best and worst. No picture is marked") for sentence in found.missing)
    assert found.missing[-1].startswith("Not for this kind of model: ") and "Reconstructions" in found.missing[-1]


def test_two_runs_stand_side_by_side_and_then_each_by_itself(finished: Run, finished_once: Path, runs_dir: Path):
    other = tiny_run(runs_dir, "Other", dataset__image_size=16, training__batch_size=20)
    for name in ("metrics.jsonl", "status.json"):
        (other.path / name).write_bytes((finished_once / name).read_bytes())
    found = building.build([finished, other], with_parts("losses"), NOBODY)
    first = found.chapters[0]
    differing = [part for part in first.parts if isinstance(part, Tabular)][1]
    assert differing.rows == (("training.batch_size", "16", "20"),)
    assert [figure.key for figure in found.figures()][:2] == ["all_loss_g", "all_loss_d"]
    assert [chapter.title for chapter in found.chapters[1:]] == ["Digits <of> mine: All", "Other: All"]


def test_a_model_of_objects_gives_two_grids_of_32_with_its_score(objects: Run):
    found = building.build([objects], with_parts("condition_grids"), NOBODY).figures()
    assert [figure.key for figure in found] == ["conditions_test", "conditions_new_test"]
    assert "32 conditions of test.json" in found[0].caption and "26/72 = 0.361" in found[0].caption


def test_a_run_that_recorded_nothing_is_refused(runs_dir: Path):
    with pytest.raises(
        ValueError, match=r"'empty' has neither samples nor curves yet, so there is nothing to report. Train it"
    ):
        build(tiny_run(runs_dir, "empty"))


def test_a_run_without_samples_says_so_and_reports_the_rest(finished: Run):
    for step in finished.sample_steps():
        finished.sample_path(step).unlink()
    for step in finished.checkpoint_steps():
        finished.checkpoint_dir(step).rename(finished.path / f"gone-{step}")
    found = building.build([finished], with_parts("losses", "samples", "training_strip"), NOBODY)
    assert [figure.key for figure in found.figures()] == ["losses", "judgement", "discriminator"]
    assert found.missing == (
        "Samples. The run 'Digits <of> mine' has no checkpoint yet. Train it for a while first.",
        "Pictures while it trained. It has no sample grid of pictures.",
    )


def test_a_template_that_the_run_cannot_give_is_refused(finished: Run):
    with pytest.raises(
        ValueError, match=r"'nycu-lab6' is for a model that is asked for the 24 objects.*Choose another run"
    ):
        build(finished, template="nycu-lab6")


def test_too_many_runs_unknown_parts_and_languages_are_refused(finished: Run):
    with pytest.raises(ValueError, match="A report is of 1 to 8 runs; got 9"):
        build(*[finished] * 9)
    with pytest.raises(ValueError, match="Unknown part of a report 'cats'"):
        building.build([finished], with_parts("cats"), NOBODY)
    with pytest.raises(ValueError, match="A report is written in one of: en, zh_TW; got 'fr'"):
        building.build([finished], with_parts(), NOBODY, "fr")


def test_the_users_folders_do_not_reach_the_report(finished: Run):
    subject = reported(finished)
    data = subject.config.dataset.model_copy(update={"name": "folder", "root": "/home/ada/secret/faces"})
    subject.config = subject.config.model_copy(update={"dataset": data})
    shown = f"{parts.settings(subject)}{parts.command(subject)}"
    assert "faces" in shown and "/home" not in shown


def test_figures_and_tables_are_numbered_apart():
    found = ReportDocument("t", "en", Person("Ada"), (), (), ())
    assert found.facts() == [("Author", "Ada")]
    chapter = building.Chapter("c", (Tabular("", (), ()), Paragraph("w"), Tabular("", (), ())), ("", "", ""))
    placed = dict(
        enumerate(
            place for _, pairs in dataclasses.replace(found, chapters=(chapter,)).numbered() for place, _ in pairs
        )
    )
    assert placed == {0: "Table 1", 1: "", 2: "Table 2"}


@pytest.mark.parametrize("template", ["plain", "nycu-lab6", "r2"])
def test_a_report_in_chinese_has_no_heading_caption_or_label_in_english(template: str, objects: Run):
    """What stays English is code: layers, settings, the names of networks and data."""
    document = building.build([objects], templates.find(template), NOBODY, "zh_TW")
    said = [document.title, *document.missing]
    for chapter, placed in document.numbered():
        said.append(chapter.title)
        for place, part in placed:
            said.append(place)
            if isinstance(part, Paragraph) and part.kind == "question":
                said.append(part.words)
            if isinstance(part, Tabular):
                said += [part.caption, *part.head]
            if isinstance(part, Illustration):
                said.append(part.caption)
                if part.kind == "svg":
                    said += re.findall(r"<text[^>]*>([^<]*)</text>", part.content.decode())
    code = re.compile(r"[\d,.x ]*|(Conv|Batch|ReLU|LeakyReLU|Tanh|kernel |Linear|negative_slope).*|D\(.*")
    english = [words for words in said if words.isascii() and not code.fullmatch(words)]
    assert len(said) > 50 and english == []

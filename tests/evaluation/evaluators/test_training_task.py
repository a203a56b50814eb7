"""Training an evaluator as a task: one for a data set, kept as its student's, within a student's limits; and deleting one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from access_helpers import ANNA, BEN, CODE, PIN
from PIL import Image

from gan_core import access
from gan_core.access import Refused, bin, classroom
from gan_core.config import DatasetConfig, settings
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators import training_task
from gan_core.evaluation.evaluators.training_task import Order, begin, of_dataset, proposed
from gan_core.jobs import task as background
from gan_core.jobs import task_worker


@pytest.fixture
def squares() -> DatasetConfig:
    """40 dark and 40 light squares, one folder each, among the data that visitors brought."""
    root = settings.data_dir() / "squares"
    for name, grey in (("dark", 40), ("light", 200)):
        (root / name).mkdir(parents=True)
        for index in range(40):
            Image.new("RGB", (8, 8), (grey, grey, index)).save(root / name / f"{index}.png")
    return DatasetConfig(name="folder", root=str(root), image_size=8, channels=3)


@pytest.fixture
def worked_here(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Tasks are worked on in this process, for the actor who began them; their folders."""
    begun: list[Path] = []

    def launch(place: Path, actor: access.Actor) -> None:
        begun.append(place)
        for name, value in access.environment(actor).items():
            monkeypatch.setenv(name, value)
        task_worker.work(place)
        monkeypatch.delenv(access.VARIABLE, raising=False)

    torch.set_num_threads(1)
    monkeypatch.setattr(background, "_launch", launch)
    return begun


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A classroom whose students may make 100 steps."""
    monkeypatch.setenv("GANVAS_CLASSROOM", str(tmp_path / "secret" / "classroom.json"))
    classroom.make(PIN, CODE, limits=classroom.StudentLimits(steps=100, weights=100_000))


def order(dataset: DatasetConfig, **changes) -> Order:
    return replace(Order(dataset, "squares", epochs=1, batch_size=16, width=2), **changes)


def test_what_it_trains_is_the_evaluator_of_the_data_set_with_its_accuracy(squares, worked_here) -> None:
    begin(order(squares))
    now = background.progress(training_task.task(order(squares)))
    assert (now.state, now.error) == ("done", "")
    (made,) = of_dataset(squares)
    assert made.path == settings.evaluators_dir() / "squares" and made.owner == ""
    assert (made.card.training.epochs, made.card.training.batch_size, made.card.width) == (1, 16, 2)
    assert made.info.held_out_requested == 8 and {score.name for score in made.card.label_scores} == {"dark", "light"}
    begin(replace(order(squares), name=training_task.free_name("Squares!")))
    assert {found.info.name for found in of_dataset(squares)} == {"squares", "squares-2"}


def test_all_who_look_at_a_data_set_see_one_task_whatever_they_would_train(squares) -> None:
    tasks = [training_task.task(order(squares, **changes)) for changes in ({}, {"epochs": 9}, {"width": 8})]
    assert len({background.folder(one) for one in tasks}) == 1
    other = order(squares.model_copy(update={"channels": 1}))
    assert background.folder(training_task.task(other)) != background.folder(tasks[0])


def test_a_request_to_cancel_leaves_no_evaluator(squares, worked_here, monkeypatch) -> None:
    def cancelled(report, *told) -> None:
        raise background.Cancelled

    monkeypatch.setattr(task_worker.Reporter, "__call__", cancelled)
    begin(order(squares))
    assert background.progress(training_task.task(order(squares))).state == "cancelled"
    assert of_dataset(squares) == [] and list(settings.evaluators_dir().glob("*")) == []


def test_data_without_labels_is_refused_with_the_way_out(squares) -> None:
    flat = squares.model_copy(update={"root": str(Path(squares.root) / "dark")})
    with pytest.raises(ValueError, match=r"has no labels.*one subfolder a class"):
        begin(order(flat))


def test_a_student_trains_within_the_limits_and_a_viewer_not_at_all(squares, worked_here, room) -> None:
    with pytest.raises(Refused, match="Only students and teachers"):
        begin(order(squares), actor=access.VIEWER)
    with pytest.raises(Refused, match=r"500 steps; a student may use 100\. Choose fewer epochs"):
        begin(order(squares, epochs=100), actor=ANNA)
    with pytest.raises(Refused, match="700,000 weights, about,; a student may use 100,000"):
        begin(order(squares, width=16), actor=ANNA)
    begin(order(squares), actor=ANNA)
    (made,) = of_dataset(squares)
    assert made.owner == "anna" and evaluators.bytes_of("anna") > 0 == evaluators.bytes_of("ben")


def test_only_its_student_and_teachers_delete_one_and_it_can_be_taken_back(squares, worked_here, room) -> None:
    begin(order(squares), actor=ANNA)
    (made,) = of_dataset(squares)
    with pytest.raises(Refused, match="belongs to others"):
        evaluators.delete(made, actor=BEN)
    evaluators.delete(made, actor=ANNA)
    assert of_dataset(squares) == [] and evaluators.bytes_of("anna") > 0  # the bin counts
    (binned,) = bin.binned(settings.evaluators_dir())
    bin.restore(binned, actor=ANNA)
    assert of_dataset(squares) == [made]


def test_one_that_comes_with_the_program_stays(squares, worked_here, monkeypatch) -> None:
    begin(order(squares))
    settings.pretrained_dir().mkdir()
    (settings.evaluators_dir()).rename(evaluators.shipped_dir())
    (shipped,) = evaluators.available()
    with pytest.raises(ValueError, match="comes with the program and stays"):
        evaluators.delete(shipped)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(40_000, (20_000, 10, 64)), (4_500, (4_500, 10, 64)), (160, (160, 40, 16)), (0, (0, 6400, 16))],
)
def test_few_images_are_shown_more_often_and_many_are_sampled(monkeypatch, count, expected) -> None:
    monkeypatch.setattr(training_task.datasets, "count", lambda config: count)
    found = proposed(DatasetConfig(name="mnist5k", flip=True, num_images=3), "Müller & Söhne")
    assert (found.dataset.num_images, found.epochs, found.batch_size) == expected
    assert found.name == "m-ller-s-hne" and not found.dataset.flip


def test_a_second_evaluator_of_a_name_gets_a_number(squares, worked_here) -> None:
    begin(order(squares))
    assert training_task.free_name("squares") == "squares-2" and training_task.free_name("???") == "evaluator"
    assert np.array_equal(background.result(training_task.task(order(squares)))["name"], "squares")

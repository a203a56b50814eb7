"""Every role tries every action, by direct call and as the visitor of a page: what is allowed equals the table."""

import inspect
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from access_helpers import ANNA, CODE, PEOPLE, PIN, TEACHER
from helpers import MACHINE, tiny, tiny_run
from PIL import Image
from sweep_helpers import small

from gan_core import access, datasets, runs
from gan_core.access import ALONE, Actor, Refused, bin, classroom
from gan_core.config import DatasetConfig, settings, with_changes
from gan_core.datasets import downloads, uploads
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators import training_task
from gan_core.exchange import dcgan_example, run_zip
from gan_core.experiments import follow_up
from gan_core.experiments.sweeps import folder as sweeps
from gan_core.figures import imaging
from gan_core.hub import orders, transfer
from gan_core.jobs import data, task
from gan_core.latents import saved_directions
from gan_core.latents.saved_directions import Direction
from gan_core.models.building import build
from gan_core.runs import Run, checkpoints, files, notes
from gan_core.training import allowance, loop, queue, supervisor

ROLES = tuple(PEOPLE)
EVERYBODY_SIGNED_IN, OWNER, TEACHERS = ("owner", "other student", "teacher"), ("owner", "teacher"), ("teacher",)


class Lab:
    """Something of Anna's of every kind, in a lab that has a machine and nobody who trains."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path, self.settings = tmp_path, settings.from_environment()
        self.runs_dir = self.settings.runs_dir
        self.run = runs.create(self.runs_dir, tiny(), "Anna's", actor=ANNA)
        supervisor.files.write_json(supervisor._machine_file(self.settings), MACHINE.to_dict())
        self.own = uploads.add_points([[0.0, 1.0]] * 12, "points", actor=ANNA)
        access.set_source(lambda: ANNA)
        self.direction = saved_directions.save(self.runs_dir, self.new_direction("smile"))
        self.sweep = sweeps.open_folder(self.runs_dir, small(name="a sweep"))
        access.set_source(lambda: None)
        runs.create(self.runs_dir, tiny(), "to be binned", actor=ANNA).delete(actor=ANNA)
        (self.binned,) = bin.binned(self.runs_dir)
        self.task = task.Task.of("gan_core.jobs.data:prepare", of="Anna's")  # as one that she began, at work
        task.folder(self.task).mkdir(parents=True)
        task.write_progress(task.folder(self.task), task.Progress("running", "images"))
        files.write_json(task._background() / task.RUNNING, {str(task.folder(self.task)): ANNA.id})

    def new_direction(self, name: str) -> Direction:
        return Direction(name, self.run.id, self.run.name, 0, (1.0,) + 7 * (0.0,), "raw")

    def add_zip(self) -> Any:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("a.png", imaging.png_bytes(Image.new("RGB", (8, 8))))
        return uploads.add_zip(io.BytesIO(buffer.getvalue()), "zip")

    def packed_run(self, folder: str = "pictures") -> Path:
        checkpoints.save(self.run, 0, build(self.run.config(), "cpu"), {"seconds": 0.0}, keep=2)
        path = self.tmp_path / folder / "run.zip"
        run_zip.write(self.run, path)
        return path

    def bring_run(self, folder: str = "pictures") -> Run:
        return run_zip.read(self.packed_run(folder), self.runs_dir)


CALLS: dict[str, tuple[Callable[[Lab], Any], tuple[str, ...]]] = {
    "start a run": (lambda lab: supervisor.submit(lab.settings, tiny()), EVERYBODY_SIGNED_IN),
    "create a run": (lambda lab: runs.create(lab.runs_dir, tiny()), EVERYBODY_SIGNED_IN),
    "stop a run": (lambda lab: supervisor.leave(lab.run, "stop"), OWNER),
    "go on with a run": (lambda lab: supervisor.resume(lab.run), OWNER),
    "change a run live": (
        lambda lab: supervisor.change_live(lab.run, {"generator_optimizer.learning_rate": 0.001}), OWNER,
    ),
    "rename a run": (lambda lab: lab.run.describe(name="mine"), OWNER),
    "note what is seen in a run": (lambda lab: notes.observe(lab.run, "losses", "seen"), OWNER),
    "remove a mark of a run": (lambda lab: notes.unmark(lab.run, 0, 0), OWNER),
    "delete a run": (lambda lab: supervisor.delete(lab.run), OWNER),
    "take a run back": (lambda lab: bin.restore(lab.binned), OWNER),
    "remove a run for good": (lambda lab: bin.remove(lab.binned), OWNER),
    "repeat a run": (lambda lab: follow_up.rerun(lab.settings, lab.run, {"training.seed": 5}, "x"), EVERYBODY_SIGNED_IN),
    "bring pictures": (lambda lab: lab.add_zip(), EVERYBODY_SIGNED_IN),
    "bring points": (lambda lab: uploads.add_points([[0.0, 1.0]] * 12, "p"), EVERYBODY_SIGNED_IN),
    "bring a run": (lambda lab: lab.bring_run(), EVERYBODY_SIGNED_IN),
    "delete data": (lambda lab: uploads.delete(lab.own.id), OWNER),
    "keep a direction": (
        lambda lab: saved_directions.save(lab.runs_dir, lab.new_direction("other")), EVERYBODY_SIGNED_IN,
    ),
    "rename a direction": (lambda lab: saved_directions.rename(lab.runs_dir, lab.direction.id, "x"), OWNER),
    "delete a direction": (lambda lab: saved_directions.delete(lab.runs_dir, lab.direction.id), OWNER),
    "plan a sweep": (
        lambda lab: sweeps.open_folder(lab.runs_dir, small(name="b")), EVERYBODY_SIGNED_IN,
    ),
    "stop a sweep": (lambda lab: lab.sweep.order("stop"), OWNER),
    "delete a sweep": (lambda lab: sweeps.delete(lab.sweep), OWNER),
    "cancel a task": (lambda lab: task.cancel(lab.task), OWNER),
    "empty one's bin": (lambda lab: bin.remove_own(bin.binned(lab.runs_dir)), EVERYBODY_SIGNED_IN),
    "fetch data into any folder": (lambda lab: downloads.check_root(lab.tmp_path / "pictures" / "x"), TEACHERS),
    "fetch data from the Hub": (lambda lab: data.check_hub_download("some/faces"), TEACHERS),
    "use the Hub": (lambda lab: transfer.start(orders.WhoAmI()).cancel(), TEACHERS),
    "read any folder": (
        lambda lab: datasets.count(DatasetConfig(name="points", root=str(lab.tmp_path / "points.json"))), TEACHERS,
    ),
    "read one's own data": (
        lambda lab: datasets.count(DatasetConfig(name="points", root=lab.own.root)), ROLES,
    ),
}  # fmt: skip


@pytest.fixture
def lab(room: classroom.Classroom, tmp_path: Path) -> Iterator[Lab]:
    (tmp_path / "points.json").write_text(json.dumps({"points": [[0, 1]] * 12}))
    yield Lab(tmp_path)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", CALLS)
def test_allowed_equals_the_table(lab: Lab, action: str, role: str) -> None:
    call, allowed = CALLS[action]
    access.set_source(lambda: PEOPLE[role])
    if role in allowed:
        call(lab)
    else:
        with pytest.raises(Refused, match=r"Only (students and )?teachers"):
            call(lab)


@pytest.mark.parametrize(
    "call",
    [
        supervisor.submit, supervisor.leave, supervisor.resume, supervisor.delete, supervisor.change_live, runs.create,
        runs.Run.describe, runs.Run.delete, uploads.delete, uploads.add_zip, uploads.add_points, run_zip.read,
        dcgan_example.read, transfer.start, task.start, task.cancel, sweeps.resume, sweeps.delete, bin.restore, bin.remove,
        bin.remove_own, evaluators.delete, training_task.begin,
    ],
)  # fmt: skip
def test_every_call_that_changes_something_takes_an_actor(call: Callable[..., Any]) -> None:
    assert "actor" in inspect.signature(call).parameters


def test_a_students_process_fetches_nothing_from_the_hub(lab: Lab) -> None:
    access.set_source(lambda: ANNA)
    task_of_hers = data.hub_download("some/faces", lab.tmp_path / "data" / "downloads" / "faces")
    with pytest.raises(Refused, match="Only teachers may use the Hub"):
        data.fetch_from_hub(task_of_hers.values, lambda *told: None)


@pytest.mark.parametrize(
    "root", ["/tmp/x", "data", "data/pictures-x", "data/downloads", "data/downloads/../x", "~nobody-of-this/x"]
)
def test_a_student_fetches_below_the_downloads_only(lab: Lab, root: str) -> None:
    access.set_source(lambda: ANNA)
    downloads.check_root(downloads.default_root("some/faces"))
    into = str(lab.tmp_path / root) if root.startswith("data") else root
    with pytest.raises(Refused, match="Only teachers may choose the download folder"):
        data.fetch({"name": "mnist", "root": into}, lambda *told: None)


def test_a_student_prepares_no_larger_pictures_than_one_may_train_on(lab: Lab) -> None:
    def prepared(**changes: Any) -> int:
        wanted = data.preparation(DatasetConfig(name="mnist5k", **changes))
        return int(data.prepare(wanted.values, lambda *told: None)["count"])

    large = {"image_size": 128, "num_images": 3}
    access.set_source(lambda: ANNA)
    assert prepared(image_size=16, num_images=3) == 3
    with pytest.raises(Refused, match="128 pixels per side; a student may use 64"):
        prepared(**large)
    with pytest.raises(Refused, match=r"takes 0\.004608 GB; a student may keep 0\.001 GB.*fewer images"):
        prepared(image_size=32)
    assert not datasets.is_prepared(DatasetConfig(name="mnist5k", **large))
    access.set_source(lambda: TEACHER)
    assert prepared(**large) == 3
    access.set_source(lambda: ANNA)
    assert prepared(**large) == 3  # it is there by now


def test_what_is_in_the_bin_counts_until_the_student_empties_it(lab: Lab) -> None:
    access.set_source(lambda: ANNA)
    (lab.run.path / "big").write_bytes(bytes(1_100_000))
    lab.run.delete()
    with pytest.raises(Refused, match="empty your bin, which counts too"):
        supervisor.submit(lab.settings, tiny())
    Path(lab.own.root).with_name("big").write_bytes(bytes(1_100_000))
    uploads.delete(lab.own.id)
    with pytest.raises(Refused, match="empty your bin"):
        uploads.add_points([[0.0, 1.0]] * 12, "more")
    for folder in (lab.runs_dir, settings.data_dir()):
        bin.discard(runs.create(folder, tiny(), "Ben's", actor=PEOPLE["other student"]).path, owner="ben")
        bin.remove_own(bin.binned(folder))
        assert [thing.owner for thing in bin.binned(folder)] == ["ben"]
    uploads.add_points([[0.0, 1.0]] * 12, "more")
    assert supervisor.submit(lab.settings, tiny()).owner == "anna"


def test_of_several_runs_those_that_one_may_stop_are_stopped(lab: Lab) -> None:
    bens = runs.create(lab.runs_dir, tiny(), "Ben's", actor=PEOPLE["other student"])
    for run in (bens, lab.run):
        queue.enqueue(run)
    access.set_source(lambda: ANNA)
    with pytest.raises(Refused, match="Only teachers"):
        supervisor.leave_all([bens, lab.run], "stop")
    assert (bens.status().state, lab.run.status().state) == ("queued", "stopped")


def test_the_actor_that_is_given_counts_more_than_the_visitor(lab: Lab) -> None:
    access.set_source(lambda: TEACHER)
    with pytest.raises(Refused):
        supervisor.leave(lab.run, "stop", actor=PEOPLE["other student"])
    access.set_source(lambda: PEOPLE["viewer"])
    supervisor.leave(lab.run, "stop", actor=TEACHER)


def test_what_a_student_begins_is_the_students(lab: Lab) -> None:
    access.set_source(lambda: ANNA)
    assert supervisor.submit(lab.settings, tiny(training__seed=3)).owner == "anna"
    assert uploads.find(lab.own.id).owner == "anna"
    assert saved_directions.STORE.owner(lab.runs_dir, lab.direction.id) == "anna"
    assert sweeps.list_folders(lab.runs_dir)[0].owner == "anna"
    access.set_source(lambda: TEACHER)
    saved_directions.rename(lab.runs_dir, lab.direction.id, "corrected")  # a teacher's change leaves the owner
    assert saved_directions.STORE.owner(lab.runs_dir, lab.direction.id) == "anna"
    lab.run.describe(note="well done")
    assert lab.run.owner == "anna"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"training__epochs": 2_000}, "steps; a student may use 1,000"),
        ({"dataset__image_size": 128}, "pixels per side; a student may use 64"),
        ({"network__width": 512, "dataset__image_size": 64}, "weights, about,; a student may use 30,000,000"),
        ({"recording__keep_checkpoints": 10**6}, "checkpoints to keep; a student may use 100"),
        ({"recording__checkpoint_every_s": 1e-9}, "checkpoints per hour; a student may use 360"),
    ],
)
def test_a_students_run_has_limits_and_a_teachers_has_none(lab: Lab, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        supervisor.submit(lab.settings, tiny(**changes), actor=ANNA)
    assert supervisor.submit(lab.settings, tiny(**changes), actor=TEACHER).status().state == "queued"


@pytest.mark.parametrize("what", ["checkpoints to write", "sample grids to draw"])
def test_a_students_long_run_records_so_often(lab: Lab, what: str) -> None:
    field = "checkpoint_every_steps" if what.startswith("check") else "sample_every_steps"
    config = tiny(**{f"recording__{field}": 1})
    classroom.make(PIN, CODE, limits=classroom.StudentLimits(steps=2_000))
    with pytest.raises(Refused, match=f"has 1,001 {what}; a student may use 1,000. Choose a larger recording.{field}"):
        allowance.check_actor(lab.runs_dir, config, 1_001, ANNA)


def test_a_students_limits_hold_for_branches_and_for_going_on(lab: Lab) -> None:
    """Also of a run that says nothing of its number of images and steps, as one from the Hub may."""
    long = runs.create(lab.runs_dir, tiny(training__epochs=2_000), "long", actor=ANNA)
    loop.train(long, request=lambda: "stop")
    long.write_status(replace(long.status(), state="stopped", num_images=0, total_steps=0))
    access.set_source(lambda: ANNA)
    with pytest.raises(Refused, match="8,000 steps; a student may use 1,000"):
        supervisor.resume(long)
    with pytest.raises(Refused, match="8,000 steps; a student may use 1,000"):
        follow_up.branch(lab.settings, long, 0, {"training.seed": 0})
    assert queue.queued_ids(lab.runs_dir) == []


def test_a_student_branches_no_run_on_a_folder_for_teachers(lab: Lab) -> None:
    changes = {"network.name": "mlp", "dataset.name": "points", "dataset.root": str(lab.tmp_path / "points.json")}
    run = runs.create(lab.runs_dir, with_changes(lab.run.config(), changes), "a teacher's", actor=TEACHER)
    access.set_source(lambda: ANNA)
    with pytest.raises(Refused, match="Only teachers may use any folder"):
        follow_up.branch(lab.settings, run, 0, {})


def test_a_student_queues_so_many_runs_and_keeps_so_much(lab: Lab) -> None:
    supervisor.submit(lab.settings, tiny(), actor=ANNA)  # her second: one may train, one wait
    with pytest.raises(Refused, match="1 waiting"):
        supervisor.submit(lab.settings, tiny(), actor=ANNA)
    for run in runs.list_runs(lab.runs_dir):
        supervisor.leave(run, "stop", actor=TEACHER)
    (lab.run.path / "big").write_bytes(bytes(1_100_000))
    with pytest.raises(Refused, match=r"may keep 0\.001 GB"):
        supervisor.submit(lab.settings, tiny(), actor=ANNA)


def test_what_a_student_brings_counts_against_the_share(lab: Lab) -> None:
    rows = [[number / 7, 1 / (number + 3)] for number in range(2_000)]
    for size in (990_000, 1_100_000):  # too much with what comes; too much already
        Path(lab.own.root).with_name("big").write_bytes(bytes(size))
        with pytest.raises(Refused, match=r"Your files take 0\.001\d* GB; a student may keep 0\.001 GB"):
            uploads.add_points(rows, "more", actor=ANNA)
    with pytest.raises(Refused, match="Your files"):
        supervisor.submit(lab.settings, tiny(), actor=ANNA)
    uploads.add_points(rows, "more", actor=TEACHER)
    assert [own.name for own in uploads.list_own()] == ["more", "points"]
    assert not list(settings.data_dir().glob(".incoming-*"))


def test_a_run_that_a_student_brings_is_the_students_and_counts_against_the_share(lab: Lab) -> None:
    access.set_source(lambda: ANNA)
    with pytest.raises(Refused, match="Only teachers may use any folder"):
        lab.bring_run(folder=".")
    assert lab.bring_run().owner == "anna"
    held = sum(classroom.folder_bytes(run.path) for run in runs.list_runs(lab.runs_dir))
    (lab.run.path / "big").write_bytes(bytes(1_000_000 - held))  # full with what comes
    with pytest.raises(Refused, match=r"Your files take 0\.001\d* GB; a student may keep 0\.001 GB"):
        run_zip.read(lab.tmp_path / "pictures" / "run.zip", lab.runs_dir)
    classroom.make(PIN, CODE, (str(lab.tmp_path),), classroom.StudentLimits(weights=1_000))
    with pytest.raises(Refused, match="weights, about,; a student may use 1,000"):
        run_zip.read(lab.tmp_path / "pictures" / "run.zip", lab.runs_dir)
    assert len(runs.list_runs(lab.runs_dir)) == 2


def test_owners_take_turns_and_train_one_at_a_time(tmp_path: Path) -> None:
    runs_dir = tmp_path / "runs"
    ben = Actor("ben", "Ben", access.Role.STUDENT)
    for name, actor in (("a1", ANNA), ("a2", ANNA), ("a3", ANNA), ("b1", ben), ("t1", ALONE), ("t2", ALONE)):
        queue.enqueue(runs.create(runs_dir, tiny(), name, actor=actor))
    order = []
    while (run := queue.claim_next(runs_dir, "cpu")) is not None:
        order.append(run.name)
        with run.lock():
            run.write_status(replace(run.status(), state="finished"))
    assert order == ["a1", "b1", "t1", "a2", "t2", "a3"]
    first, second = (runs.create(runs_dir, tiny(), name, actor=ANNA) for name in ("a4", "a5"))
    queue.enqueue(first)
    queue.enqueue(second)
    claimed = queue.claim_next(runs_dir, "cpu")
    assert claimed is not None and claimed.id == first.id
    with first.lock():
        first.write_status(replace(first.status(), state="running"))
        assert queue.claim_next(runs_dir, "cpu") is None  # another device would take it now
    with first.lock():
        first.write_status(replace(first.status(), state="finished"))
    claimed = queue.claim_next(runs_dir, "cpu")
    assert claimed is not None and claimed.id == second.id


def test_one_person_alone_is_served_in_order(tmp_path: Path) -> None:
    made = [tiny_run(tmp_path, name) for name in "abc"]
    for run in made:
        queue.enqueue(run)
    assert [getattr(queue.claim_next(tmp_path, "cpu"), "id", None) for _ in range(4)] == [*(r.id for r in made), None]
    assert not (tmp_path / ".queue" / "served.json").exists()

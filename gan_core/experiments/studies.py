"""Studies: several runs that answer one question, queued together and drawn in one chart.

A study is a JSON file in `.studies/` in the runs folder with the ids of its runs; curves, states and settings are read from
the runs' own folders.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from gan_core import datasets
from gan_core.access import require
from gan_core.config import RunConfig, one_line, with_changes
from gan_core.config.settings import Settings
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators import EvaluatorFolder
from gan_core.experiments.arms import Arm, Comparison, submit
from gan_core.presets import PRESETS, preset_config
from gan_core.presets.r2 import RATIOS
from gan_core.runs import Run
from gan_core.runs.kept import Store, new_id
from gan_core.runs.run import ID_PATTERN, checked_text
from gan_core.training.plan import check

FOLDER = ".studies"
MAX_SEEDS = 3


@dataclass(frozen=True)
class Plan(Comparison):
    """The comparison that a study makes.

    Attributes:
        key: its name in files and addresses.
        title: for people.
        list_name: the list of conditions whose hits are compared ("test" for objects).
        chance: expected share of hits on that list without looking at the image.
    """

    key: str
    title: str
    list_name: str
    chance: float


def _ratio(name: str) -> Arm:
    """The arm of one of R2's presets."""
    real, fake = RATIOS[name]
    title = name.replace("-", ":")
    weights = {"objective.real_weight": real, "objective.fake_weight": fake}
    return Arm(title, title, {"preset": f"r2-ratio-{name}-lite", **weights})


PLANS: Mapping[str, Plan] = {
    "r2-ratios": Plan(
        preset_config("r2-ratio-1-1-lite"),
        tuple(_ratio(name) for name in RATIOS),
        "r2-ratios",
        "R2: five weightings of real and generated images",
        "test",
        180
        / 1728,  # 6 single objects, 12 pairs and 14 triples of 24: gan_core.evaluation.evaluators.scoring.chance_level
    )
}


@dataclass(frozen=True)
class StudyMember:
    """One run of a study; `run_id` is empty until it has been queued."""

    arm: str
    seed: int
    run_id: str = ""


@dataclass(frozen=True)
class Study:
    """A study as its file holds it.

    Attributes:
        id: the file's name.
        name: the user's.
        plan: key of its plan.
        created: Unix time.
        changes: dotted field -> value, the same for all runs.
        members: its runs, in the order in which they are queued.
    """

    id: str
    name: str
    plan: str
    created: float
    changes: dict[str, Any]
    members: tuple[StudyMember, ...]


def begin(settings: Settings, plan: Plan, name: str, epochs: int, num_images: int, seeds: int = 1) -> Study:
    """Saves a new study and queues all its runs.

    Args:
        settings: of this installation.
        plan, name, epochs, num_images, seeds: as of `new`.

    Raises:
        ValueError: as `new`; then nothing is left behind. A run that is refused later leaves the study with the runs queued
            before it.
    """
    return start_missing(settings, new(settings.runs_dir, plan, name, epochs, num_images, seeds))


def new(runs_dir: Path, plan: Plan, name: str, epochs: int, num_images: int, seeds: int = 1) -> Study:
    """Saves a new study, whose runs are not there yet.

    Args:
        runs_dir: where.
        plan: what is compared.
        name: the user's; the plan's title if empty.
        epochs, num_images: for every run.
        seeds: runs an arm, with seeds 0, 1, ...

    Raises:
        ValueError: if a value is out of bounds, the name too long, or the runs folder cannot be written; nothing is left behind.
    """
    if not 1 <= seeds <= MAX_SEEDS:
        raise ValueError(f"A study repeats each run 1 to {MAX_SEEDS} times; got {seeds}.")
    changes = {"training.epochs": epochs, "dataset.num_images": num_images}
    members = tuple(StudyMember(arm.name, seed) for seed in range(seeds) for arm in plan.arms)
    for member in members:
        check(member_config(plan, member, changes))
    name = checked_text(name, "name", 60, empty=True) or plan.title
    study = Study(new_id(plan.key), name, plan.key, time.time(), changes, members)
    STORE.save(runs_dir, study)
    return study


def start_missing(settings: Settings, study: Study) -> Study:
    """Queues those runs of a study that were never queued or have been deleted; saves the study after each.

    Raises:
        ValueError: if the study is somebody else's, or a run is refused; the others stay queued.
    """
    for index in range(len(study.members)):
        run_of(settings.runs_dir, study, index, lambda config, title: submit(settings, config, title))
    return find(settings.runs_dir, study.id)


def run_of(runs_dir: Path, study: Study, index: int, create: Callable[[RunConfig, str], Run]) -> Run:
    """The run of a study's member; where it was never made or has been deleted, one is made and the study saved.

    Args:
        runs_dir: where the study is.
        study: which; read anew, others may have added runs.
        index: of the member.
        create: (configuration, title) -> the new run.

    Raises:
        ValueError: if the study is somebody else's or no longer there, or the run is refused.
    """
    require("own", owner=STORE.owner(runs_dir, study.id))
    with FileLock(runs_dir / FOLDER / ".lock", timeout=60):  # two browsers may ask at once
        study = find(runs_dir, study.id)
        member = study.members[index]
        if existing := member_run(runs_dir, member):
            return existing
        label = f"{member.arm}, seed {member.seed} ({study.name})"
        run = create(member_config(PLANS[study.plan], member, study.changes), label)
        members = (*study.members[:index], replace(member, run_id=run.id), *study.members[index + 1 :])
        STORE.save(runs_dir, replace(study, members=members))
    return run


def member_run(runs_dir: Path, member: StudyMember) -> Run | None:
    """A member's run; None where it was never made or has been deleted."""
    if not ID_PATTERN.fullmatch(member.run_id):
        return None
    run = Run(runs_dir / member.run_id)
    return run if run.path.is_dir() else None


def member_config(plan: Plan, member: StudyMember, changes: Mapping[str, Any]) -> RunConfig:
    """The configuration of one run of a study, not resolved yet."""
    return plan.config(plan.arm(member.arm), {**changes, "training.seed": member.seed})


def minutes(plan: Plan, epochs: int, num_images: int, seeds: int) -> float:
    """Rough time of all runs, one after the other on two quiet cores: their presets' own, scaled by images seen."""
    total = 0.0
    for arm in plan.arms:
        preset = PRESETS.find(plan.config(arm).preset)
        usual = preset.config.training.epochs * preset.config.dataset.num_images
        total += seeds * preset.minutes * epochs * num_images / usual
    return total


def evaluated_config(plan: Plan) -> RunConfig:
    """The configuration that all runs of a study share, with their labels by name, for finding their evaluator."""
    return with_changes(plan.base, {"conditioning.labels": datasets.label_names(plan.base.dataset)})


def evaluator_of(plan: Plan) -> EvaluatorFolder | None:
    """The evaluator that measures the runs of a study; None where there is none."""
    return evaluators.folder_for(evaluated_config(plan))


def find(runs_dir: Path, study_id: str) -> Study:
    """The study with this id.

    Raises:
        ValueError: if there is none.
    """
    found = STORE.find(runs_dir, study_id)
    if found is None:
        raise ValueError(f"There is no study '{study_id:.64}' in {runs_dir}.")
    return found


def _read(study_id: str, data: Mapping[str, Any]) -> Study:
    """A study from the content of its file.

    Raises:
        ValueError, KeyError, TypeError: if a field is missing or malformed, there is no member, or one is in no arm of the plan.
    """
    members = tuple(StudyMember(str(m["arm"]), int(m["seed"]), str(m["run_id"])) for m in data["members"])
    study = Study(
        study_id,
        one_line(data["name"], 60) or study_id,
        str(data["plan"]),
        float(data["created"]),
        dict(data["changes"]),
        members,
    )
    arms = {arm.name for arm in PLANS[study.plan].arms}
    if not members or any(member.arm not in arms for member in members):
        raise ValueError(f"The study '{study_id}' has runs that are not in its plan.")
    return study


STORE = Store(FOLDER, "study", _read, asdict)
"""Every study of a runs folder; removing one keeps its runs."""

"""Every verdict of the lessons over several seeds: does what a lesson teaches hold, or was its one seed lucky?

    python -m benchmarks.lessons RUNS_DIR [--seeds 6] [--lessons lipschitz,vae]

Trains the lessons' runs that RUNS_DIR lacks, one after the other on one thread, seed by seed, and computes each verdict as the
lesson's page does. docs/lessons.json and docs/lessons.md are written after every seed: stop it when you like, start it again to
go on. All of it takes about an hour of one core.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from gan_core import runs
from gan_core.config import read_strictly, with_changes
from gan_core.experiments import arms
from gan_core.experiments.lessons import LESSONS, Lesson, over_seeds
from gan_core.experiments.lessons.entry import Experiment
from gan_core.experiments.lessons.outcome import Outcome
from gan_core.runs.files import write_atomically
from gan_core.training import worker


def verdicts(lesson: Lesson, seed: int, folder: Path) -> dict[str, Any]:
    """Prediction's key -> the choice that one seed's runs support, and the numbers that its sentence tells.

    Raises:
        RuntimeError: a run that failed.
    """
    experiment = replace(lesson.experiment, base=with_changes(lesson.experiment.base, {"training.seed": seed}))
    shown = {arm.name: outcome(experiment, arm, folder, f"{lesson.name} {seed}") for arm in experiment.arms}
    results = {prediction.key: prediction.result(shown) for prediction in lesson.predictions}
    return {key: {"choice": found.choice, "values": dict(found.values)} for key, found in results.items()}


def trained(experiment: arms.Comparison, arm: arms.Arm, folder: Path, title: str) -> runs.Run:
    """The finished run of an arm; it is trained if the folder has none.

    Raises:
        RuntimeError: it failed.
    """
    from gan_core.config.devices import detect
    from gan_core.training import loop, plan

    machine = detect()
    run = arms.find(experiment, [arm.name], runs.list_runs(folder), machine)[arm.name]
    if run is None:
        run = runs.create(folder, plan.resolve(experiment.config(arm), machine), f"{title}: {arm.name}")
    if run.status().state != "finished" and (ended := loop.train(run)).state != "finished":
        raise RuntimeError(f"The run of arm '{arm.name}' in {run.path} ended as {ended.state}: {ended.error}")
    return run


def outcome(experiment: Experiment, arm: arms.Arm, folder: Path, title: str) -> Outcome:
    """What the run of an arm shows."""
    from gan_core.experiments.lessons.measuring import measure
    from gan_core.runs.metrics import MetricsTail

    run = trained(experiment, arm, folder, title)
    tail = MetricsTail(run.metrics_path)
    tail.refresh()
    columns = {name: tail.column(name) for name in tail.names()}
    return Outcome(columns, measure(run, experiment.measures))


def page(found: dict[str, Any]) -> str:
    """docs/lessons.md from lesson -> seed -> prediction -> choice and values."""
    parts = [INTRODUCTION]
    for name in (name for name in LESSONS if name in found):
        lesson = LESSONS[name]
        parts.append(f"## {lesson.title}\n")
        for prediction in lesson.predictions:
            held, count = over_seeds.holding(lesson, prediction.key, found)
            answer = prediction.words(prediction.expected)
            rows = {seed: row[prediction.key] for seed, row in found[name].items()}
            columns = list(next(iter(rows.values()))["values"])
            parts += [
                f"*{prediction.question}*\n\n**{answer}**: holds with {held} of {count} seeds.\n",
                f"| seed | {' | '.join(columns)} | answer |",
                "|---" * (len(columns) + 2) + "|",
                *(
                    f"| {seed} | {' | '.join(r['values'].values())} | {r['choice'] or 'none'} |"
                    for seed, r in rows.items()
                ),
                "",
            ]
    return "\n".join(parts)


INTRODUCTION = """\
# The lessons over seeds

A student's run has one seed. Here (CPU, fp32, one thread) each lesson's runs are trained with several, and each result is computed as on the lesson's page:
a lesson may only teach what holds with at least five seeds of six. Seed 0 is the one that students see. The columns are the numbers of the result's
sentence, *answer* is the choice that the runs support, or none.

Made by `python -m benchmarks.lessons RUNS_DIR`; the figures are in [lessons.json](lessons.json).
"""


def main() -> None:
    """Makes what is missing, and the page after every seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs_dir", type=Path, help="where the runs are, or will be")
    parser.add_argument("--seeds", type=int, default=6, help="how many, from 0 on")
    parser.add_argument("--lessons", default=",".join(LESSONS), help="which, separated by commas")
    parser.add_argument(
        "--out", type=Path, default=over_seeds.FILE.parent, help="folder of lessons.json and lessons.md"
    )
    args = parser.parse_args()
    names = args.lessons.split(",")
    lessons = [LESSONS.find(name) for name in names]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    worker.keep_freed_memory()
    file = args.out / over_seeds.FILE.name
    found: dict[str, Any] = read_strictly(file) if file.exists() else {}
    for seed in range(args.seeds):
        for lesson in lessons:
            found.setdefault(lesson.name, {})[str(seed)] = verdicts(lesson, seed, args.runs_dir)
            write_atomically(file, (json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode())
            write_atomically(file.with_suffix(".md"), page(found).encode())
            answers = {key: row["choice"] for key, row in found[lesson.name][str(seed)].items()}
            print(f"{lesson.name}, seed {seed}: {answers}", flush=True)


if __name__ == "__main__":
    main()

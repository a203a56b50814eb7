"""The search behind the collapse benchmark: the same number of trials, and of steps a trial, for every method on every task.

    python -m benchmarks.collapse_search [--trials 24] [--steps 10000] [--tasks ring8,grid25] [--methods bce,pacgan2]

TPE (Bergstra et al. 2011) after ten random trials; the first trial of each method is `start` of gan_core's tuning.AXES. A trial trains
two seeds that the table never uses and is scored by the mean mode-TV of the last weights: the total variation distance from
the data over "on mode 1 ... on mode M, on none". It is one number for missing modes, uneven ones and samples of low quality,
where modes x quality would call an uneven generator perfect. Steps are those of D, so 5 of them for each of G's buy fewer
steps of G at the same price: the search weighs that as it weighs the rest.

Trials are kept in a journal as they are made: stop it when you like, start it again to go on. A method's choice is written to
docs/collapse_search.json when its last trial is made. Processes may share the work by task or method.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from gan_core.config.settings import runs_dir
from gan_core.experiments.benchmark import METHODS, TASKS, TUNED_TASKS, tuning
from gan_core.experiments.benchmark.tuning import SEARCH_SEEDS, Chosen, TuningAxis, TuningSearch, Value
from gan_core.runs.files import write_atomically
from gan_core.training import worker

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

COMMAND = "python -m benchmarks.collapse_search"
TRIALS, STEPS = 24, 10_000


def searched(storage: BaseStorage, task: str, method: str, num_trials: int, steps: int) -> Chosen:
    """The best of so many trials; those that the journal lacks are made now."""
    import optuna
    from optuna.samplers import TPESampler

    axes = tuning.axes(method)
    name = f"{task}-{method}-{steps}"
    study = optuna.create_study(study_name=name, storage=storage, direction="minimize", load_if_exists=True)
    while len(done := _done(study)) < num_trials:
        if not done:
            study.enqueue_trial({axis: axes[axis].start for axis in axes})
        study.sampler = TPESampler(seed=len(study.get_trials(deepcopy=False)))  # a resumed search draws on, not again
        trial = study.ask()
        study.tell(trial, _score(trial, task, method, steps))
        print(f"{name}: trial {len(done) + 1} of {num_trials}", flush=True)
    counted = done[:num_trials]
    best = min(counted, key=lambda trial: trial.values[0])
    return Chosen(
        task=task,
        method=method,
        trials=tuple(round(trial.values[0], 5) for trial in counted),
        cpu_s=round(sum(trial.user_attrs["cpu_s"] for trial in counted), 2),
        **{key: best.user_attrs[key] for key in ("setting", "mode_tv", "captured", "high_quality")},
    )


def _done(study: Study) -> list[FrozenTrial]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _score(trial: Trial, task: str, method: str, steps: int) -> float:
    """Mean mode-TV of a trial's seeds; what it found is kept with the trial."""
    from benchmarks.collapse_runs import configuration, counted, train

    began = time.process_time()
    setting = {name: _suggested(trial, name, axis) for name, axis in tuning.axes(method).items()}
    configs = [configuration(tuning.changes(task, method, setting, seed, steps)) for seed in SEARCH_SEEDS]
    made = train(task, configs, unit_spread=True)
    found = [counted(task, method, seed, one.last) for seed, one in zip(SEARCH_SEEDS, made, strict=True)]
    score = fmean(result.mode_tv for result in found)
    kept = {
        "setting": setting,
        "mode_tv": round(score, 5),
        "captured": fmean(result.captured for result in found),
        "high_quality": round(fmean(result.high_quality for result in found), 5),
        "cpu_s": round(time.process_time() - began, 4),
    }
    for key, value in kept.items():
        trial.set_user_attr(key, value)
    return score


def _suggested(trial: Trial, name: str, axis: TuningAxis) -> Value:
    if axis.values:
        value: Value = trial.suggest_categorical(name, axis.values)
        return value
    return float(f"{trial.suggest_float(name, axis.low, axis.high, log=True):.3g}")


def begun(num_trials: int, steps: int) -> TuningSearch:
    """What is there of the search. Raises ValueError if it was made with another budget."""
    budget = {"num_trials": num_trials, "steps": steps, "seeds": SEARCH_SEEDS}
    command = f"{COMMAND} --trials {num_trials} --steps {steps}"
    found = tuning.search() or TuningSearch(command=command, date=f"{datetime.now(UTC):%Y-%m-%d}", **budget)
    if any(getattr(found, key) != value for key, value in budget.items()):
        raise ValueError(
            f"'{tuning.SEARCH}' was made with another budget ({found.num_trials} trials of {found.steps:,} steps). "
            "Give the same, or delete the file: every method gets the same budget."
        )
    return found


def keep(chosen: Chosen, num_trials: int, steps: int) -> None:
    """Adds a choice to the file, in the order of tasks and methods."""
    found = begun(num_trials, steps)
    others = [c for c in found.chosen if (c.task, c.method) != (chosen.task, chosen.method)]
    place = [(task, method) for task in TASKS for method in METHODS]
    every = sorted([*others, chosen], key=lambda c: place.index((c.task, c.method)))
    content = found.model_copy(update={"chosen": tuple(every)}).model_dump(mode="json")
    rows = ",\n  ".join(json.dumps(row) for row in content.pop("chosen"))
    head = json.dumps(content, indent=1).removesuffix("\n}")
    write_atomically(tuning.SEARCH, f'{head},\n "chosen": [\n  {rows}\n ]\n}}\n'.encode())


def main() -> None:
    """Searches what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default=",".join(TUNED_TASKS), help="which, separated by commas")
    parser.add_argument("--methods", default=",".join(METHODS), help="which, separated by commas")
    parser.add_argument("--trials", type=int, default=TRIALS, help="a method and task")
    parser.add_argument("--steps", type=int, default=STEPS, help="of D, in each trial")
    parser.add_argument(
        "--journal", type=Path, default=runs_dir() / ".collapse-search" / "journal.log", help="of the trials"
    )
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    worker.keep_freed_memory()
    tasks, methods = args.tasks.split(","), args.methods.split(",")
    if strange := set(tasks) - set(TUNED_TASKS):
        parser.error(f"Settings are searched on {', '.join(TUNED_TASKS)}; not on {', '.join(sorted(strange))}.")
    for method in methods:
        METHODS.find(method)
    begun(args.trials, args.steps)
    from gan_core.experiments.sweeps.storage import open_storage

    storage = open_storage(str(args.journal))
    for task in tasks:
        for method in methods:
            chosen = searched(storage, task, method, args.trials, args.steps)
            keep(chosen, args.trials, args.steps)
            print(f"{task} {method}: mode-TV {chosen.mode_tv:.3f} at {chosen.setting}", flush=True)


if __name__ == "__main__":
    main()

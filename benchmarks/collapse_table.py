"""The collapse benchmark: nine methods on points and stacked digits whose modes are known, trained and counted.

    python -m benchmarks.collapse_table [--tasks ring8,grid25] [--methods bce,pacgan2] [--seeds 10]
    python -m benchmarks.collapse_table --tasks grid25 --methods pacgan2 --longer 30000
    python -m benchmarks.collapse_table --untuned
    python -m benchmarks.collapse_table --render

Trains each method at the setting that benchmarks.collapse_search chose for it, with seeds that no search has seen, then the
plain GAN and PacGAN2 at other batches; `--longer` gives methods of that table more steps; `--untuned` trains with one setting for all. What is missing is made and every result
written at once into gan_core/experiments/benchmark/data, and docs/collapse.md at the end: stop it when you like, start it
again to go on. `--render` only writes the page. One processor thread; processes may share the work by task. Hours.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence

from gan_core.config import Section
from gan_core.experiments.benchmark import METHODS, REAL, TASKS, TUNED_TASKS, Result, Tuned, results, storage, tuning
from gan_core.experiments.benchmark.page import PAGE, page
from gan_core.runs.files import write_atomically
from gan_core.training import worker

STACK = 10
"""Seeds of points trained side by side; images gain nothing from it and are trained one at a time."""
Job = tuple[str, tuple[int, ...], int | None]
"""Method or "real", seeds to make together, packs in a batch where they are not the setting's own."""
Key = tuple[str, int, int | None, int | None]
"""Method, seed, batch and steps of a result of the searched settings; there is one for each kind of weights."""


# at the searched settings


def begun(task: str, search: tuning.TuningSearch, methods: Sequence[str], steps: int, every: int) -> Tuned:
    """What is there of a task's table, with the settings of the methods that are to be trained.

    Raises:
        ValueError: a method was not searched, or what is there was made with other settings or steps.
    """
    settings = {method: search.of(task, method).setting for method in methods}
    kept = storage.tuned(task) or Tuned(task=task, steps=steps, every=every, settings={})
    changed = [name for name in methods if kept.settings.get(name, settings[name]) != settings[name]]
    if changed or (kept.steps, kept.every) != (steps, every):
        raise ValueError(
            f"The results '{storage.tuned_path(task)}' were made with other settings ({', '.join(changed) or 'steps'}). "
            "Delete the file and train again."
        )
    return kept.model_copy(update={"settings": {**kept.settings, **settings}})


def key_of(result: Result) -> Key:
    """By which results are known to be there."""
    return result.method, result.seed, result.batch, result.steps


def missing_tuned(
    kept: Tuned, methods: Sequence[str], seeds: Sequence[int], longer: int | None = None
) -> Iterator[Job]:
    """What is still to be made: the table first, then the other batches; or the methods with `longer` steps of G."""
    done = {key_of(result) for result in kept.results}
    jobs: list[tuple[str, int | None]] = [(method, None) for method in methods]
    if not longer:
        jobs.insert(0, (REAL, None))
        jobs += [
            (method, batch)
            for method in tuning.BATCH_METHODS
            if method in methods
            for batch in tuning.BATCHES
            if batch != kept.settings[method]["batch"]
        ]
    for method, batch in jobs:
        left = [seed for seed in seeds if (method, seed, batch, longer) not in done]
        for start in range(0, len(left), STACK):
            yield method, tuple(left[start : start + STACK]), batch


def make_tuned(
    kept: Tuned, method: str, seeds: tuple[int, ...], batch: int | None, longer: int | None = None
) -> list[Result]:
    """Trains some seeds of a method at its setting: a result for its last weights and one for their running average.

    Args:
        kept: of the task, with the method's setting.
        method, seeds, batch: as in `Job`.
        longer: steps of G; None for the table's.
    """
    from benchmarks.collapse_runs import configuration, count_real, counted, train

    if method == REAL:
        return count_real(kept.task, seeds)
    setting = kept.settings[method] | ({"batch": batch} if batch else {})
    ratio = kept.d_steps(method)
    configs = [
        configuration(tuning.changes(kept.task, method, setting, seed, ratio * (longer or kept.steps)))
        for seed in seeds
    ]
    made, here = [], {"batch": batch, "steps": longer}
    for seed, one in zip(seeds, train(kept.task, configs, every=ratio * kept.every, unit_spread=True), strict=True):
        last = counted(kept.task, method, seed, one.last).model_copy(update={**here, "curve": one.curve})
        ema = counted(kept.task, method, seed, one.ema).model_copy(update={**here, "weights": "ema"})
        made += [last, ema]
    return made


def keep_tuned(task: str, kept: Tuned, made: Sequence[Result]) -> Tuned:
    """Adds results to the task's file; what another process added meanwhile stays. Returns what is there now."""
    found = storage.tuned(task) or kept
    found = found.model_copy(update={"settings": {**found.settings, **kept.settings}})
    done = {key_of(result) for result in found.results}
    new = [result for result in made if key_of(result) not in done]
    found = found.model_copy(update={"results": (*found.results, *new)})
    _write(f"tuned-{task}", found)
    return found


# with one setting for all


def missing(task: str, methods: Sequence[str], num_seeds: int) -> Iterator[Job]:
    """What is still to be made, the first seed of every method before the second."""
    from benchmarks.collapse_runs import is_points

    done = {(r.method, r.seed) for r in results(task).results}
    stack = STACK if is_points(task) else 1
    for start in range(0, num_seeds, stack):
        for method in (REAL, *methods):
            seeds = tuple(s for s in range(start, min(start + stack, num_seeds)) if (method, s) not in done)
            if seeds:
                yield method, seeds, None


def make(task: str, method: str, seeds: tuple[int, ...]) -> list[Result]:
    """Trains some seeds of a method on a task and counts the modes that each reaches; for "real", counts real samples."""
    from benchmarks.collapse_runs import configuration, count_real, counted, train

    if method == REAL:
        return count_real(task, seeds)
    trained = train(task, [configuration(TASKS[task].changes(method, seed)) for seed in seeds])
    return [counted(task, method, seed, one.last) for seed, one in zip(seeds, trained, strict=True)]


def keep(task: str, made: Sequence[Result]) -> None:
    """Adds results to the task's file, complete or not at all; one that another process made meanwhile stays as it is."""
    found = results(task)
    done = {(r.method, r.seed) for r in found.results}
    new = [result for result in made if (result.method, result.seed) not in done]
    _write(task, found.model_copy(update={"results": (*found.results, *new)}))


def _write(name: str, found: Section) -> None:
    """One result a line, so that a difference of two versions can be read."""
    content = found.model_dump(mode="json")
    rows = ",\n  ".join(json.dumps(row) for row in _short(content.pop("results")))
    head = json.dumps(content, indent=1).removesuffix("\n}")
    write_atomically(storage.DATA / f"{name}.json", f'{head},\n "results": [\n  {rows}\n ]\n}}\n'.encode())


def _short(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Without what is not there."""
    return [{key: value for key, value in row.items() if value not in (None, [], "last")} for row in rows]


def _tell(task: str, job: Job, made: Sequence[Result], began: float) -> None:
    method, _, batch = job
    found = ", ".join(str(result.captured) for result in made if result.weights == "last")
    at = f" with batches of {batch}" if batch else ""
    print(
        f"{task} {method}{at}: {found} of {TASKS[task].num_modes} modes, {time.monotonic() - began:.0f} s", flush=True
    )


def main() -> None:
    """Makes what is missing, then the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default="", help="which, separated by commas; else all that there are")
    parser.add_argument("--methods", default=",".join(METHODS), help="which, separated by commas")
    parser.add_argument("--seeds", type=int, default=0, help="how many a method; 0: 10, or untuned as each task says")
    parser.add_argument("--steps", type=int, default=tuning.STEPS, help="of G; D makes 1 or 5 for each")
    parser.add_argument("--every", type=int, default=tuning.EVERY, help="steps of G between two counts of the modes")
    parser.add_argument("--longer", type=int, help="steps of G, more than the table's, for --methods and nothing else")
    parser.add_argument("--untuned", action="store_true", help="one setting for all methods")
    parser.add_argument("--render", action="store_true", help="only write docs/collapse.md from what is there")
    args = parser.parse_args()
    if args.longer is not None and (args.untuned or args.longer <= args.steps):
        parser.error(
            f"--longer takes more steps than the table's {args.steps:,}, and goes with searched settings only."
        )
    tasks = args.tasks.split(",") if args.tasks else list(TASKS if args.untuned else TUNED_TASKS)
    methods = args.methods.split(",")
    for name in tasks:
        TASKS.find(name)
    for name in methods:
        METHODS.find(name)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    worker.keep_freed_memory()
    search = None if args.untuned or args.render else tuning.search()
    if search is None and not (args.untuned or args.render):
        parser.error(
            "No settings were searched yet. Run `python -m benchmarks.collapse_search` first, or give --untuned."
        )
    for task in [] if args.render else tasks:
        if search is None:
            for job in missing(task, methods, args.seeds or TASKS[task].num_seeds):
                began = time.monotonic()
                made = make(task, job[0], job[1])
                keep(task, made)
                _tell(task, job, made, began)
            continue
        kept = begun(task, search, methods, args.steps, args.every)
        for job in missing_tuned(kept, methods, tuning.TABLE_SEEDS[: args.seeds or None], args.longer):
            began = time.monotonic()
            made = make_tuned(kept, *job, args.longer)
            kept = keep_tuned(task, kept, made)
            _tell(task, job, made, began)
    write_atomically(PAGE, page().encode())
    print(f"Wrote {PAGE}.")


if __name__ == "__main__":
    main()

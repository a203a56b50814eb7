"""The command line: the same code and the same run directories as the pages.

Exit status 0, or a sentence on standard error and 2. `--json` where a program would read the answer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from gan_core import datasets, runs
from gan_core.cli import (
    classroom,
    compare,
    control,
    data,
    deleting,
    directions,
    doctor,
    evaluators,
    exchange,
    hub,
    installation,
    noting,
    report,
    several,
    study,
    sweep,
    tasks,
    terminal,
    uploads,
    verify,
)
from gan_core.cli.several import On, Processes
from gan_core.cli.terminal import AsJson, RunName, RunsDir, bar, console, plain_lines, runs_folder, show_rows
from gan_core.config import RunConfig, get, with_changes
from gan_core.config.devices import Machine
from gan_core.config.reasons import reason
from gan_core.datasets.base import left_out_in_words
from gan_core.presets import PRESETS, preset_config
from gan_core.report import card
from gan_core.runs import Run, environment, recovery
from gan_core.training import queue, trainers


def presets(as_json: AsJson = False) -> None:
    """List the presets: complete experiments with settings that work."""
    rows = [{**vars(preset), "config": preset.config.model_dump(mode="json")} for preset in PRESETS.values()]
    show_rows(rows, ("name", "title", "description"), as_json)


def list_datasets(as_json: AsJson = False) -> None:
    """List the data sets."""
    rows = [
        {"name": name, "title": entry.title, "description": entry.description, "needs_root": entry.needs_root}
        for name, entry in datasets.DATASETS.items()
    ]
    show_rows(rows, ("name", "title", "description"), as_json)


def list_all_runs(runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List the runs, newest first."""
    rows = []
    for run in runs.list_runs(runs_folder(runs_dir)):
        status, damage = run.status(), recovery.damage(run)
        if damage:
            print(f"The run '{run.id}': {' '.join(damage)}", file=sys.stderr)
        progress = f"{status.step:,} / {status.total_steps:,}"
        rows.append(
            {"id": run.id, "name": run.name, "state": status.state, "progress": progress, "step": status.step}
            | {"total_steps": status.total_steps, "error": status.error, "path": str(run.path)}
            | ({"damage": damage} if damage else {})
        )
    show_rows(rows, ("id", "name", "state", "progress"), as_json)


def train(
    preset: Annotated[str, typer.Argument(metavar="PRESET", help="A preset, as `presets` lists them.")],
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; may be repeated.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Stop after this many steps.", min=1)] = None,
    runs_dir: RunsDir = None,
    name: Annotated[str, typer.Option(help="Your name for the run.")] = "",
    device: Annotated[str | None, typer.Option(help="Device: auto, cpu, cuda:0 ... or mps.")] = None,
    processes: Processes = 1,
    place: On = "",
) -> None:
    """Train a preset. Prints the run's folder first; Ctrl-C pauses it."""
    if not place and several.elsewhere(processes):
        return
    config = with_changes(preset_config(preset), terminal.parse_changes(changes))
    options = {"training.max_steps": steps, "training.device": device}
    config = with_changes(config, {name: value for name, value in options.items() if value is not None})
    folder = runs_folder(runs_dir)
    trainer = several.trainer_on(place, folder) if place else None
    run = _create(config, folder, name, trainer.warm_up() if trainer else None)
    if trainer:
        run.use_processes(processes)
    _train(run, trainer)


def resume(
    run: RunName,
    accept_changed_data: Annotated[
        bool, typer.Option("--accept-changed-data", help="Continue even if the training data has changed since.")
    ] = False,
    runs_dir: RunsDir = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Begin again at step 0; the former files are kept in the run's folder.")
    ] = False,
    processes: Processes = 1,
    place: On = "",
) -> None:
    """Continue a run from its newest checkpoint."""
    if not place and several.elsewhere(processes):
        return
    found = runs.find(runs_folder(runs_dir), run)
    if found.status().state == "finished":
        raise ValueError(f"The run '{found.name}' has finished; there is nothing left to train.")
    queue.withdraw(found)
    if accept_changed_data:
        environment.allow_changed_data(found)
    if from_start:
        print(f"What was there is kept in {recovery.begin_anew(found)}.", file=sys.stderr)
    found.command("run")
    trainer = several.trainer_on(place, found.path.parent) if place else None
    if trainer:
        found.use_processes(processes)
    _train(found, trainer)


def train_longer(
    run: RunName,
    epochs: Annotated[int, typer.Option(help="Additional epochs.", min=1)],
    runs_dir: RunsDir = None,
    name: Annotated[str, typer.Option(help="Your name for the new run.")] = "",
    processes: Processes = 1,
    place: On = "",
) -> None:
    """Train a finished run for more epochs. The result is a new run, which begins at the last checkpoint."""
    if not place and several.elsewhere(processes):
        return
    from gan_core.experiments import follow_up
    from gan_core.runs import branching

    folder = runs_folder(runs_dir)
    found = runs.find(folder, run)
    how = follow_up.longer(found, epochs)
    for warning in how.warnings:
        print(warning, file=sys.stderr)
    made = branching.branch(folder, found, how.step, how.changes, name, follow_up.longer_title(found.name, epochs))
    trainer = several.trainer_on(place, folder) if place else None
    if trainer:
        made.use_processes(processes)
    _train(made, trainer)


def branch(
    run: RunName,
    step: Annotated[int, typer.Option(help="Checkpoint to branch from: the nearest at or before this step.", min=0)],
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; may be repeated.")
    ] = None,
    runs_dir: RunsDir = None,
    name: Annotated[str, typer.Option(help="Your name for the new run.")] = "",
) -> None:
    """Train from a checkpoint of a run with other settings. The result is a new run."""
    from gan_core.experiments import follow_up
    from gan_core.runs import branching

    folder = runs_folder(runs_dir)
    found = runs.find(folder, run)
    wanted = terminal.parse_changes(changes)
    config = with_changes(found.config(), wanted)
    typed = {field: get(config, field) for field in wanted}
    _train(branching.branch(folder, found, follow_up.checkpoint_before(found, step), typed, name))


def treat(
    run: RunName,
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="A finding's name, as `diagnose` says it.")],
    remedy: Annotated[
        int | None, typer.Option(help="Number of the remedy, as `diagnose` lists them; not needed for the only one.")
    ] = None,
    runs_dir: RunsDir = None,
) -> None:
    """Apply a remedy that `diagnose` proposes: to the run while it trains, else in a new run, which is trained here."""
    from gan_core.experiments import follow_up
    from gan_core.runs import branching
    from gan_core.training import supervisor

    folder = runs_folder(runs_dir)
    found = runs.find(folder, run)
    sign, cure = doctor.chosen(found, finding, remedy)
    how = follow_up.treatment(found, sign, cure)
    if how is None:
        raise ValueError(f"'{cure.title}' is not a setting that a command could change. {cure.why}")
    title = follow_up.treated_title(found, cure)
    if how.kind == "live":
        supervisor.change_live(found, cure.changes)
        console.print(escape(f"{found.name}: asked for {cure.title}"), soft_wrap=True)
    elif how.kind == "branch":
        _train(branching.branch(folder, found, how.step, cure.changes, title=title))
    else:
        _train(_create(with_changes(found.config(), cure.changes), folder, title))


def sample(
    run: RunName,
    out: Annotated[Path, typer.Option(help="PNG file to write.")],
    count: Annotated[int, typer.Option(help="Images in the grid.", min=1, max=4096)] = 64,
    seed: Annotated[int, typer.Option(help="Seed of the latents; the same seed gives the same images.", min=0)] = 0,
    step: Annotated[int | None, typer.Option(help="Checkpoint to sample from; the newest if not given.")] = None,
    columns: Annotated[
        int | None, typer.Option(help="Images per row; by default a number that leaves no gap.", min=1)
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="Label of the images, for a conditional model; may be repeated.")
    ] = None,
    runs_dir: RunsDir = None,
) -> None:
    """Draw a grid of images with a run's generator."""
    if out.suffix.lower() != ".png":
        raise ValueError(f"--out must name a .png file; got '{out}'.")
    found = runs.find(runs_folder(runs_dir), run)
    from gan_core.datasets import conditions
    from gan_core.figures import imaging
    from gan_core.runs.sampler import latents, open_sampler

    sampler = open_sampler(found, step)
    names = sampler.config.conditioning.labels
    labels = conditions.rows_of([label] * count, names) if label else None
    picture = sampler.sheet(latents(count, sampler.latent_dim, seed), labels, columns)
    runs.files.write_atomically(out.absolute(), imaging.png_bytes(picture))
    console.print(f"{out}: {count} images of '{escape(found.name)}' at step {sampler.step:,}, seed {seed}")


def _create(config: RunConfig, folder: Path, name: str, machine: Machine | None = None) -> Run:
    """A run directory for `config`, resolved for a machine or this one, once its images are known to be enough."""
    from gan_core.config.devices import detect
    from gan_core.training.plan import check_data, count_checked, decide

    num_images = count_checked(config)
    resolved = decide(config, machine or detect(), num_images)
    with bar("Preparing the images") as move:
        dataset = datasets.prepare(resolved.dataset, lambda done, total: move(done, total, ""))
    check_data(resolved, len(dataset))
    if dataset.num_skipped:
        print(left_out_in_words(dataset.skipped, dataset.num_skipped), file=sys.stderr)
    return runs.create(folder, resolved, name)


def _train(run: Run, trainer: trainers.Trainer | None = None) -> None:
    """Trains a run in this process or where a trainer does, with a bar on a terminal and plain lines elsewhere."""
    print(run.path, flush=True)
    signals, known = terminal.collect_signals(), len(run.events())
    with bar("Training") if console.is_terminal else nullcontext(plain_lines()) as move:
        show = terminal.show_status(move)
        if trainer:
            status = several.train_on(run, trainer, show, signals)
        else:
            from gan_core.training import loop, worker

            worker.keep_freed_memory()
            status = loop.train(run, show, lambda: "pause" if signals else None)
    for event in run.events()[known:]:
        if event["type"] == "checkpoint_refused":
            print(f"The checkpoint of step {event['step']} was not used: {event.get('error')}", file=sys.stderr)
        elif event["type"] == "damaged_lines":
            print(
                recovery.skipped(event["count"], event["file"]), f"The log as it was: {event['kept']}.", file=sys.stderr
            )
    card.begin(run)
    if status.state == "failed" or (status.state == "interrupted" and status.error):
        raise ValueError(status.error)
    print(f"{status.state} at step {status.step} of {status.total_steps}, {status.seconds:.1f} s")
    if status.state == "paused":
        print(f"Go on with: python -m gan_core resume {run.id} --runs-dir {run.path.parent}")


EXAMPLES = (
    'python -m gan_core train mnist-dcgan --name "first run"',
    'python -m gan_core sample "first run" --out digits.png',
    'python -m gan_core train mnist-dcgan --set training.epochs=10 --name "ten epochs"',
    'python -m gan_core compare "first run" "ten epochs"',
)
app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, epilog="\n\n".join(("For example:", *EXAMPLES)),
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
app.callback(invoke_without_command=True)(installation.start)
COMMANDS: dict[str, dict[str, Callable[..., object]]] = {
    "Train": {
        "presets": presets,
        "train": train,
        "resume": resume,
        "train-longer": train_longer,
        "branch": branch,
        "treat": treat,
        "pause": control.pause,
        "stop": control.stop,
        "change": control.change,
        "verify": verify.verify,
    },
    "Several runs for one question": {
        "sweep": sweep.sweep,
        "sweeps": sweep.list_sweeps,
        "study": study.study,
        "studies": study.list_studies,
    },
    "Runs and their results": {
        "runs": list_all_runs,
        "sample": sample,
        "film": compare.film,
        "compare": compare.compare,
        "evaluate": evaluators.evaluate,
        "diagnose": doctor.diagnose,
        "rename": noting.rename,
        "note": noting.note,
        "mark": noting.mark,
        "notes": noting.list_notes,
        "report": report.report,
        "publish": report.publish,
        "export": exchange.export_run,
        "import": exchange.import_run,
    },
    "Saved directions of a latent space": {
        "directions": directions.list_directions,
        "save-direction": directions.save_direction,
        "export-directions": directions.export_directions,
        "import-directions": directions.import_directions,
    },
    "Data and evaluators": {
        "datasets": list_datasets,
        "download": data.download,
        "prepare": data.prepare,
        "add-data": uploads.add_data,
        "uploads": uploads.list_uploads,
        "write-blocks": data.write_blocks,
        "evaluators": evaluators.list_evaluators,
        "train-evaluator": evaluators.train_evaluator,
        "import-evaluator": evaluators.import_evaluator,
    },
    "Work that a page began in the background": {"tasks": tasks.list_tasks, "cancel": tasks.cancel},
    "Hugging Face Hub": {"push": hub.push, "pull": hub.pull, "browse": hub.browse},
    "Deleting": {
        "delete": deleting.delete,
        "deleted": deleting.list_deleted,
        "restore": deleting.restore,
        "empty-bin": deleting.empty_bin,
    },
    "This installation": {
        "settings": installation.list_settings,
        "classroom": classroom.classroom,
        "end-classroom": classroom.end_classroom,
        "forget-student": classroom.forget_student,
    },
}
"""What a group of commands is about -> name -> what it does."""
for _group, _commands in COMMANDS.items():
    for _name, _command in _commands.items():
        app.command(name=_name, rich_help_panel=_group)(_command)


def main() -> None:
    """Runs the command line; turns every refusal into one sentence and exit status 2."""
    try:
        with redirect_stdout(terminal.Patient(sys.stdout)):
            try:
                app()
            finally:
                sys.stdout.flush()
    except (ValueError, BlockingIOError, trainers.TrainingLost) as refusal:
        print(f"Error: {refusal}", file=sys.stderr)
        sys.exit(2)
    except OSError as failure:
        print(f"Error: {reason(failure) or failure}", file=sys.stderr)
        sys.exit(2)

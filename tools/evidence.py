"""Every committed table, with the command that makes it: `make evidence`.

Prints, for each, its files, the command, when it was last made, and under which conditions. A table that records its own date
says it; else the date and commit are those of the last change to its figures. Nothing is computed anew.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent
DATE = re.compile(r'"date": "(\d{4}-\d\d-\d\d)')
WRITTEN = (
    *("docs/architecture.md", "docs/metrics.md", "docs/style.md", "docs/sweep.yaml", "docs/glossary-zh-TW.md"),
    *(
        "docs/index.md",
        "docs/user.md",
        "docs/teacher.md",
        "docs/classroom.md",
        "docs/developers.md",
        "docs/scaling.md",
        "docs/api.md",
    ),
)
"""Pages of docs/ that are written by hand; the figures in them have an entry."""


@dataclass(frozen=True)
class Table:
    """Results that are committed.

    Attributes:
        shows: what they show.
        files: patterns from the top of the checkout, the figures themselves first.
        command: that makes them, from the top of the checkout.
        conditions: what decides the figures, and what it costs.
    """

    shows: str
    files: tuple[str, ...]
    command: str
    conditions: str

    def paths(self) -> list[Path]:
        """Those of its files that are there."""
        return [path for pattern in self.files for path in sorted(PROJECT_DIR.glob(pattern)) if path.is_file()]

    def made(self) -> str:
        """When it was last made; empty where that is not known."""
        figures = self.paths()[0]
        if figures.suffix == ".json" and (dated := DATE.search(figures.read_text("utf-8"))):
            return dated[1]
        command = ["git", "log", "-1", "--format=%cs, %h", "--", str(figures)]
        done = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
        return done.stdout.strip()


TABLES = (
    Table("the lite presets, trained", ("docs/presets.json", "docs/presets.md", "docs/presets/*.jpg"),
          "python tools/presets_page.py RUNS_DIR", "one seed each, trained by the command itself; about 2 hours of one core"),
    Table("the settings that lite presets share", ("gan_core/presets/recipes.json",), "python -m benchmarks.preset_search",
          "16 trials of equal processor time for each recipe, then a fresh seed; a recipe names its own source; hours of one core"),
    Table("the lessons over seeds", ("docs/lessons.json", "docs/lessons.md"), "python -m benchmarks.lessons RUNS_DIR",
          "six seeds; about an hour of one core"),
    Table("what guidance does", ("docs/guidance.json", "docs/guidance.md"), "python -m benchmarks.guidance",
          "the shipped diffusion model, one seed; 20 minutes of one core"),
    Table("how well five families place the objects asked for", ("docs/conditional.json", "docs/conditional.md"),
          "python -m benchmarks.conditional_table RUNS_DIR", "three seeds; an hour of one core"),
    Table("how many pictures a GAN needs", ("docs/few-data.json", "docs/few-data.md", "docs/few-data.jpg"),
          "python -m benchmarks.few_pictures RUNS_DIR", "three seeds; about 2.6 hours of one core"),
    Table("modes that nine methods find", ("gan_core/experiments/benchmark/data/*.json", "docs/collapse.md"),
          "make collapse-table", "ten seeds on points, two or three on digits; hours"),
    Table("the settings searched for each method", ("docs/collapse_search.json",), "python -m benchmarks.collapse_search",
          "the same trials and steps for each, two seeds that the table never uses; hours"),
    Table("whether the intervals are honest", ("docs/intervals.json", "docs/intervals.md"), "make intervals",
          "simulated populations, a fixed seed; minutes"),
    Table("how often the doctor is right", ("docs/doctor.md",), "python -m tests.analysis.doctor.rates",
          "from the recorded runs in tests/analysis/doctor/traces (tools/doctor_traces.py reduces a run); a minute"),
    Table("mathematics that the tests notice", ("docs/mutants.json", "docs/mutants.md"), "make mutants", "hours"),
    Table("kills, cuts and damage", ("docs/crash-drill.json", "docs/crash-drill.md"), "make crash-drill",
          "a Linux machine, root for the full disks; 15 minutes"),
    Table("data of CelebA's size: the cache and its batches", ("docs/many_pictures.json",),
          "python benchmarks/many_pictures.py --out docs/many_pictures.json",
          "one machine, 25 minutes, both cores; ratios within a run, and the load average that was"),
    Table("a class on one server", ("docs/loadtest.json", "docs/loadtest.md"), "make loadtest",
          "speeds are of the machine that the page names; 10 minutes"),
    Table("inputs of strangers", ("docs/hostile.json", "docs/hostile.md"), "make hostile", "a fixed seed; minutes"),
    Table("packages and licences", ("docs/sbom.cdx.json", "docs/licences.md"), "make sbom",
          "of requirements.lock, in an environment installed from it"),
    Table("rooms, arrows and lines", ("docs/architecture.md",), "python tools/structure.py", "of the checkout"),
    Table("speed beside a plain loop", ("docs/speed.json", "README.md"), "make bench",
          "ratios are of the machine that the README names; minutes"),
    Table("the animation of the default run", ("docs/pictures/learning.gif",),
          "python tools/animate.py RUN_FOLDER docs/pictures/learning.gif", "one finished run of mnist-dcgan"),
    Table("the shipped models", ("checkpoints/pretrained/*/config.json",), "python tools/pretrained.py",
          "CPU, one seed each; `--plan` says the hours"),
    Table("the shipped evaluators and their accuracy",
          ("checkpoints/pretrained/evaluators/*/evaluator.json", "checkpoints/pretrained/evaluators/README.md"),
          "python -m gan_core train-evaluator DATASET", "settings and figures in their README.md; an hour"),
)  # fmt: skip


def main() -> None:
    """Prints the list as a Markdown table."""
    print("| what it shows | files | command | last made | conditions |\n|---|---|---|---|---|")
    for table in TABLES:
        made = table.made() if table.paths() else "not yet"
        print(f"| {table.shows} | {', '.join(table.files)} | `{table.command}` | {made} | {table.conditions} |")


if __name__ == "__main__":
    main()

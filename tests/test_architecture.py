"""The house's own rules: which way imports point, what loads torch, who knows the files of a run, how long things are."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from gan_core.config.settings import PROJECT_DIR

# Top first. A room imports from the rows below it, never from its own row's other rooms (docs/architecture.md).
ROOMS = (
    ("cli",),
    ("report",),
    ("experiments", "exchange"),
    ("analysis", "hub", "lab2d"),
    ("training", "latents"),
    ("evaluation",),
    ("jobs",),
    ("runs",),
    ("models",),
    ("datasets",),
    ("presets", "access"),
    ("processes",),
    ("config", "figures"),
)
DOORS = ("gan_core", "gan_core.__main__")  # `gan_core.load` for notebooks, `python -m gan_core`
LIGHT = [
    "analysis.comparing",
    "analysis.curves",
    "analysis.doctor",
    "analysis.doctor.examine",
    "analysis.recording",
    "cli.hub",
    "cli.main",
    "config",
    "config.devices",
    "config.settings",
    "datasets",
    "datasets.conditions",
    "datasets.held_out",
    "evaluation.evaluators",
    "evaluation.evaluators.scoring",
    "evaluation.evaluators.training_task",
    "evaluation.extractors",
    "evaluation.features",
    "evaluation.measure",
    "evaluation.measure_task",
    "evaluation.metrics",
    "exchange.formats",
    "exchange.run_zip",
    "exchange.unzipping",
    "experiments.arms",
    "experiments.benchmark.figure",
    "experiments.benchmark.page",
    "experiments.breakages",
    "experiments.few_pictures",
    "experiments.follow_up",
    "experiments.lessons",
    "experiments.lessons.curves",
    "experiments.lessons.over_seeds",
    "experiments.lessons.source",
    "experiments.studies",
    "experiments.study_curves",
    "experiments.sweeps.folder",
    "experiments.sweeps.table",
    "experiments.sweeps.worker",
    "experiments.vae_family",
    "figures.charts",
    "figures.sheets",
    "figures.style",
    "figures.imaging",
    "hub",
    "hub.loading",
    "jobs.data",
    "jobs.task",
    "jobs.task_worker",
    "lab2d.engine",
    "lab2d.stories",
    "latents",
    "latents.arithmetic",
    "latents.attribute_directions",
    "latents.attribute_search",
    "latents.directions",
    "latents.embedding",
    "latents.interpolation",
    "latents.nearest",
    "latents.neighbours",
    "latents.picture_search",
    "latents.posterior",
    "latents.probes",
    "latents.saved_directions",
    "latents.sefa",
    "models.augmentation",
    "models.compatibility",
    "models.conditioning",
    "models.kinds",
    "models.networks",
    "models.objectives",
    "models.penalties",
    "presets",
    "processes.child",
    "processes.guarded",
    "processes.process",
    "report.building",
    "report.card",
    "report.formats",
    "report.notebook",
    "report.templates",
    "report.web_page",
    "runs",
    "runs.evaluations",
    "runs.kept",
    "runs.metrics",
    "training.log_line",
    "training.plan",
    "training.queue",
    "training.supervisor",
    "training.trainers",
]
CONTRACT = (
    "config.json",
    "status.json",
    "control.json",
    "metrics.jsonl",
    "events.jsonl",
    "manifest.json",
    "about.json",
    "evaluations.jsonl",
    "environment.json",
    "notes.json",
    "report.html",
)
NOT_IN_PAGES = (
    "torch",
    "torchvision",
    "safetensors",
    "subprocess",
    "multiprocessing",
    "lightning_fabric",
    "scipy",
    "sklearn",
)
SAME_INTERFACE = {"Generator", "Backbone", "Denoiser"}  # every architecture has these, under these names
ARROWS_BETWEEN_PAGES = {  # what a page with tabs is made of; a VAE's pictures begin as those of Explore
    *(("learn", part) for part in ("lessons", "lab2d", "collapse")),
    *(("train", part) for part in ("study", "sweeps")),
    *(("experiment", part) for part in ("study", "sweeps")),
    *(("run", part) for part in ("replay", "explore", "conditions", "vae", "lab2d", "compare", "hub", "report")),
    ("runs", "hub"),
    *(("compare", part) for part in ("collapse", "report")),
    ("vae", "explore"),
}
MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_ROOM_FILES = 400, 50, 25

SOURCES = sorted([*PROJECT_DIR.glob("gan_core/**/*.py"), *PROJECT_DIR.glob("pages/**/*.py"), PROJECT_DIR / "app.py"])


def module_name(path: Path) -> str:
    parts = path.relative_to(PROJECT_DIR).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in SOURCES}


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The modules that these nodes import: ours in full, of others whatever the line says."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def all_imports(path: Path) -> Iterator[str]:
    """Anywhere in a file, also within functions."""
    return imports(ast.walk(syntax(path)))


def named_functions(path: Path) -> Iterator[str]:
    """The modules of what strings name for a later import: "gan_core.latents.vae_map:measure"."""
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (found[1] for found in [re.fullmatch(r"(gan_core[.\w]*):\w+", node.value)] if found)


def imports_at_load(path: Path) -> set[str]:
    """What is imported when the file is: nothing within functions or `if TYPE_CHECKING`."""
    return {name for name in imports(syntax(path).body) if name in MODULES}


def room(module: str) -> str:
    """The room of a module of gan_core, or "" for its doors and for what stands outside."""
    return module.split(".")[1] if module.startswith("gan_core.") and module not in DOORS else ""


def test_every_folder_of_the_engine_is_a_room():
    assert {room(name) for name in MODULES} - {""} == {name for row in ROOMS for name in row}


def test_a_room_imports_only_from_the_rows_below_it():
    row = {name: number for number, names in enumerate(ROOMS) for name in names}
    wrong = [
        f"{name} imports {target}"
        for name, path in MODULES.items()
        for target in [*all_imports(path), *named_functions(path)]
        if room(name) and room(target) and room(target) != room(name) and row[room(target)] <= row[room(name)]
    ]
    wrong += [
        f"{name} imports {target}"
        for name, path in MODULES.items()
        for target in all_imports(path)
        if name.startswith("gan_core") and target.split(".")[0] in ("pages", "app")
    ]
    assert wrong == []


def test_a_room_holds_at_most_25_files():
    folders = Counter(path.parent.relative_to(PROJECT_DIR).as_posix() for path in SOURCES)
    assert {folder: count for folder, count in folders.items() if count > MAX_ROOM_FILES} == {}


def test_no_module_imports_itself_through_others():
    graph = {name: imports_at_load(path) - {name} for name, path in MODULES.items()}
    packages = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    graph = {
        name: {t for t in targets if not (t in packages and name.startswith(t + "."))}
        for name, targets in graph.items()
    }
    while leaves := {name for name, targets in graph.items() if not targets & graph.keys()}:
        graph = {name: targets for name, targets in graph.items() if name not in leaves}
    assert graph == {}


def test_the_engine_never_imports_streamlit():
    wrong = [
        name
        for name, path in MODULES.items()
        if name.startswith("gan_core")
        for target in all_imports(path)
        if target.split(".")[0] in ("streamlit", "pages", "app")
    ]
    assert wrong == []


def page_folder(module: str) -> str:
    """The folder under pages/components that a page's own module, or the page itself, belongs to; "" outside of pages."""
    parts = module.split(".")
    if parts[0] != "pages" or len(parts) == 1:
        return ""
    return parts[1] if parts[1] != "components" else ".".join(parts[2:3])


def test_a_page_imports_widgets_shared_words_and_what_is_its_own():
    """Arrows between the folders of two pages are the few that ARROWS_BETWEEN_PAGES names; all of them are needed."""
    found = {
        (folder, page_folder(target))
        for name, path in MODULES.items()
        if (folder := page_folder(name))
        for target in all_imports(path)
        if page_folder(target) and page_folder(target) not in (folder, "text")
    }
    assert {arrow for arrow in found if arrow[0] in ("widgets", "text")} == set()
    assert {arrow for arrow in found if arrow[0] == "shared"} <= {("shared", "widgets")}
    assert {arrow for arrow in found if arrow[1] not in ("widgets", "shared")} == ARROWS_BETWEEN_PAGES


def test_pages_do_no_tensors_no_maths_and_no_processes():
    """What pages compute is computed by gan_core, from arrays to arrays."""
    wrong = [
        f"{name} imports {target}"
        for name, path in MODULES.items()
        if name.startswith("pages") or name == "app"
        for target in all_imports(path)
        if target.split(".")[0] in NOT_IN_PAGES
    ]
    wrong += [
        f"{name} computes with np.linalg"
        for name, path in MODULES.items()
        if name.startswith("pages") or name == "app"
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Attribute) and node.attr == "linalg"
    ]
    assert wrong == []


def strings(path: Path) -> Iterator[str]:
    """String constants, docstrings left out."""
    tree = syntax(path)
    documented = [n for n in ast.walk(tree) if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef)]
    docs = {id(n.body[0].value) for n in documented if n.body and isinstance(n.body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_only_the_runs_package_knows_the_files_of_a_run():
    wrong = [
        f"{name} spells {text!r}"
        for name, path in MODULES.items()
        if not name.startswith("gan_core.runs")
        for text in strings(path)
        if text in CONTRACT or text.startswith("step-")
    ]
    assert wrong == []


def test_listing_and_checking_load_no_torch():
    """One interpreter for all: the first module after whose import something heavy is there is the guilty one."""
    code = (
        "import importlib, sys\n"
        f"for name in {LIGHT}:\n"
        "    importlib.import_module(f'gan_core.{name}')\n"
        "    heavy = [m for m in ('torch', 'lightning_fabric', 'sklearn', 'streamlit') if m in sys.modules]\n"
        "    if heavy: sys.exit(f'{name} loads {heavy}')\n"
    )
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, env=environment, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_checking_a_configuration_and_counting_images_loads_no_torch():
    code = (
        "import sys\n"
        "from gan_core import presets, datasets; from gan_core.config import devices; from gan_core.training import plan, supervisor\n"
        "from gan_core.models.objectives import OBJECTIVES; from gan_core.models.networks import NETWORKS; dict(OBJECTIVES); dict(NETWORKS)\n"
        "machine = devices.Machine(('cpu',), ('CPU',), 1, ())\n"
        "config = plan.resolve(presets.preset_config('mnist-dcgan'), machine)\n"
        "datasets.prepare(config.dataset); datasets.preview(config.dataset, 2)\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT_DIR, check=True)


def test_files_can_be_held_in_a_readers_head():
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: length for name, length in lengths.items() if length > MAX_FILE_LINES} == {}


def test_functions_are_at_most_a_screen_long():
    lengths = {
        f"{name}.{node.name}": node.end_lineno - node.lineno + 1
        for name, path in MODULES.items()
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    }
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}


def test_no_two_public_classes_of_the_engine_have_one_name():
    names = Counter(
        node.name
        for name, path in MODULES.items()
        if name.startswith("gan_core")
        for node in _public(path)
        if isinstance(node, ast.ClassDef)
    )
    assert {name for name, count in names.items() if count > 1} <= SAME_INTERFACE


def test_everything_public_in_the_engine_is_documented():
    missing = [
        f"{name}.{getattr(node, 'name', '')}"
        for name, path in MODULES.items()
        if name.startswith("gan_core")
        for node in [syntax(path), *_public(path)]
        if ast.get_docstring(node) is None
    ]
    assert missing == []


def _public(path: Path) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    tree = syntax(path)
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def test_json_is_read_by_the_strict_reader_only() -> None:
    own = {"strict.py", "child.py"}  # the reader itself; messages between the program's own processes
    loose = [
        f"{path.name}:{node.lineno}"
        for path in SOURCES
        if path.name not in own
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in ("load", "loads", "JSONDecoder")
        and isinstance(node.value, ast.Name)
        and node.value.id == "json"
    ]
    assert not loose


WHOLE = {  # files of this program or of the machine, in place of which none from elsewhere can be put
    "devices.py",  # /proc/cpuinfo
    "source.py", "_assets.py",  # this program's own sources, scripts and styles
    "packing.py",  # the log of a run that finished here
    "environment.py",  # Git's own files of this checkout
    "formats.py",  # a file that the same call has just written
    "lab.py", "run_records.py", "pictures.py",  # sample grids, whose size is bounded where they arrive
}  # fmt: skip


def test_a_file_that_may_come_from_elsewhere_is_read_up_to_a_bound_only() -> None:
    """`read_bounded` and `read_strictly` do."""
    found = {
        path.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("read_text", "read_bytes")
    }
    assert found <= WHOLE

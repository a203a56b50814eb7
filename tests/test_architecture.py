"""The house's own rules: which way imports point, what loads torch, who knows the files of a run, how long things are."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from gan_core.settings import PROJECT_DIR

# A module may import from its own floor and those below (docs/architecture.md). The longest matching prefix counts.
FLOORS = {
    "gan_core": 6,  # its `load` is a door for notebooks
    **dict.fromkeys(["gan_core.settings", "gan_core.registry", "gan_core.config", "gan_core.devices"], 1),
    "gan_core.sections": 1,
    **dict.fromkeys(["gan_core.imaging", "gan_core.networks", "gan_core.objectives", "gan_core.presets"], 2),
    **dict.fromkeys(["gan_core.penalties", "gan_core.conditioning", "gan_core.legality"], 2),
    **dict.fromkeys(["gan_core.latents", "gan_core.metrics", "gan_core.charts", "gan_core.training_log"], 2),
    **dict.fromkeys(["gan_core.datasets", "gan_core.models", "gan_core.runs", "gan_core.doctor"], 3),
    **dict.fromkeys(["gan_core.resolve", "gan_core.sampling"], 3),
    "gan_core.evaluators": 3,
    **dict.fromkeys(["gan_core.evaluation", "gan_core.recorder", "gan_core.training"], 4),
    "gan_core.memory_probe": 4,
    **dict.fromkeys(["gan_core.waiting", "gan_core.worker", "gan_core.workers", "gan_core.trainers"], 5),
    "gan_core.jobs": 5,
    "gan_core.clinic": 5,
    **dict.fromkeys(["gan_core.comparing", "gan_core.comparing_curves"], 3),
    **dict.fromkeys(["gan_core.films", "gan_core.replaying"], 5),
    "gan_core.cli_compare": 6,
    "gan_core.hub": 5,
    "gan_core.cli_hub": 6,
    **dict.fromkeys(["gan_core.estimates", "gan_core.sharpness", "gan_core.sprites"], 2),
    **dict.fromkeys(["gan_core.held_out", "gan_core.autoencoding"], 3),
    **dict.fromkeys(["gan_core.extractors", "gan_core.inception", "gan_core.measured_metrics"], 3),
    **dict.fromkeys(["gan_core.measuring", "gan_core.measuring_jobs", "gan_core.collapse"], 5),
    **dict.fromkeys(["gan_core.background", "gan_core.background_worker", "gan_core.vae_map"], 5),
    "gan_core.proportions": 2,
    "gan_core.collapse_table": 2,
    **dict.fromkeys(["gan_core.contact_sheet", "gan_core.study_curves"], 2),
    **dict.fromkeys(["gan_core.conditions"], 3),
    "gan_core.saved_directions": 3,
    **dict.fromkeys(
        ["gan_core.attribute_search", "gan_core.picture_search", "gan_core.neighbours", "gan_core.dial"], 5
    ),
    "gan_core.studies": 5,
    "gan_core.lessons": 5,
    "gan_core.sweeps": 5,
    "gan_core.cli_sweep": 6,
    "gan_core.twin": 5,
    "gan_core.cli_evaluators": 6,
    "gan_core.cli_metrics": 6,
    "gan_core.cli_data": 6,
    **dict.fromkeys(
        ["gan_core.cli", "gan_core.cli_doctor", "gan_core.terminal", "gan_core.__main__", "app", "pages"], 6
    ),
}
LIGHT = ["config", "presets", "datasets", "runs", "resolve", "jobs", "objectives", "networks", "settings", "charts"]
LIGHT += [
    "penalties",
    "conditioning",
    "legality",
    "waiting",
    "trainers",
    "workers",
    "devices",
    "training_log",
    "imaging",
    "cli",
    "runs.metrics",
    "latents",
    "hub",
    "hub.loading",
    "cli_hub",
    "conditions",
    "contact_sheet",
    "studies",
    "sweeps.home",
    "sweeps.worker",
    "sweeps.rows",
    "study_curves",
    "evaluators",
    "evaluators.scoring",
    "held_out",
    "extractors",
    "measuring",
    "measuring_jobs",
    "collapse",
    "background",
    "background_worker",
    "latents.embedding",
    "latents.probes",
    "latents.attribute_directions",
    "latents.nearest",
    "latents.posterior",
    "saved_directions",
    "attribute_search",
    "picture_search",
    "neighbours",
    "dial",
    "lessons",
    "lessons.arms",
    "lessons.source",
    "lessons.curves",
    "collapse_table.page",
    "collapse_table.figure",
    "twin.engine",
    "twin.stories",
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
)
MAX_FILE_LINES, MAX_FUNCTION_LINES = 300, 50

SOURCES = sorted([*PROJECT_DIR.glob("gan_core/**/*.py"), *PROJECT_DIR.glob("pages/**/*.py"), PROJECT_DIR / "app.py"])


def module_name(path: Path) -> str:
    parts = path.relative_to(PROJECT_DIR).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in SOURCES}


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


def imports_at_load(path: Path) -> set[str]:
    """What is imported when the file is: nothing within functions or `if TYPE_CHECKING`."""
    return {name for name in imports(syntax(path).body) if name in MODULES}


def floor(module: str) -> int:
    while module not in FLOORS:
        assert "." in module, f"{module} has no floor: give it one in FLOORS"
        module = module.rpartition(".")[0]
    return FLOORS[module]


def test_every_module_has_a_floor_of_its_own_or_of_its_package():
    nameless = {name.split(".")[1] for name in MODULES if name.startswith("gan_core.")}
    assert {f"gan_core.{name}" for name in nameless} <= FLOORS.keys()


def test_imports_point_down_or_sideways_never_up():
    wrong = [
        f"{name} (floor {floor(name)}) imports {target} (floor {floor(target)})"
        for name, path in MODULES.items()
        for target in all_imports(path)
        if target.split(".")[0] in ("gan_core", "pages", "app") and target != "gan_core" and floor(target) > floor(name)
    ]
    assert wrong == []


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


def test_pages_do_no_tensors_and_no_threads():
    wrong = [
        f"{name} imports {target}"
        for name, path in MODULES.items()
        if name.startswith("pages") or name == "app"
        for target in all_imports(path)
        if target.split(".")[0] in ("subprocess", "multiprocessing", "safetensors", "lightning_fabric")
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


@pytest.mark.parametrize("module", LIGHT)
def test_listing_and_checking_load_no_torch(module):
    code = (
        f"import sys, gan_core.{module}\n"
        "print(*[m for m in ('torch', 'lightning_fabric', 'sklearn', 'streamlit') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == ""


def test_checking_a_configuration_and_counting_images_loads_no_torch():
    code = (
        "import sys\n"
        "from gan_core import resolve, presets, devices, datasets, jobs\n"
        "from gan_core.objectives import OBJECTIVES; from gan_core.networks import NETWORKS; dict(OBJECTIVES); dict(NETWORKS)\n"
        "machine = devices.Machine(('cpu',), ('CPU',), 1, ())\n"
        "config = resolve.resolve(presets.preset_config('mnist-dcgan'), machine)\n"
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

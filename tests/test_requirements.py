"""What the code imports is declared: each distribution stands in requirements.txt, or for tests alone in requirements-dev.txt."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from gan_core.config.settings import PROJECT_DIR

PRODUCT = ("app.py", "gan_core", "pages", "tools", "benchmarks")
FOR_DEVELOPERS = [  # need what the tests need
    PROJECT_DIR / "tools" / name
    for name in ("docs_site.py", "mutants.py", "load_browser.py", "load_student.py", "messages.py", "pictures.py")
]
OPTIONAL = {
    "torch-fidelity",
    "onnx",
    "submitit",
}  # imported by the product only where it is installed; the sentence that refuses says how


def normal(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*files: str) -> set[str]:
    """The distributions that requirement files name."""
    lines = [line for file in files for line in (PROJECT_DIR / file).read_text(encoding="utf-8").splitlines()]
    return {normal(re.split(r"[\s<>=!~;\[]", line)[0]) for line in lines if line.strip() and line[0] not in "#-"}


def modules(*places: str) -> list[Path]:
    found = [PROJECT_DIR / place for place in places]
    return [path for place in found for path in ([place] if place.is_file() else sorted(place.rglob("*.py")))]


def imported(paths: list[Path]) -> dict[str, str]:
    """Top-level module -> a file that imports it; neither the standard library nor the project itself."""
    own = {path.stem for path in PROJECT_DIR.glob("*.py")} | {p.name for p in PROJECT_DIR.iterdir() if p.is_dir()}
    own |= {path.stem for path in (PROJECT_DIR / "tests").iterdir()}  # pytest puts this folder on the path
    found = {}
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.append(node.module)
            found |= {name.partition(".")[0]: str(path.relative_to(PROJECT_DIR)) for name in names}
    return {name: path for name, path in found.items() if name not in sys.stdlib_module_names | own}


providers_of_modules = cache(packages_distributions)  # reads every installed package


def missing(paths: list[Path], known: set[str]) -> dict[str, str]:
    """Imported modules of which no distribution is among the known ones."""
    providers = providers_of_modules()
    return {
        name: path for name, path in imported(paths).items()
        if not {normal(provider) for provider in providers.get(name, [name])} & known
    }  # fmt: skip


def test_what_the_product_imports_is_in_requirements_txt() -> None:
    product = [path for path in modules(*PRODUCT) if path not in FOR_DEVELOPERS]
    assert missing(product, declared("requirements.txt") | OPTIONAL) == {}


def test_what_the_tests_import_is_in_either_file() -> None:
    assert (
        missing(
            [*modules("tests"), *FOR_DEVELOPERS],
            declared("requirements.txt", "requirements-dev.txt", "requirements-docs.txt"),
        )
        == {}
    )


def test_what_is_optional_is_there_for_the_tests() -> None:
    assert declared("requirements-dev.txt") >= OPTIONAL


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import scipy.stats", {"scipy"}),
        ("def later():\n    from yaml import safe_load", {"yaml"}),
        ("import os, gan_core.runs\nfrom . import helpers", set()),
    ],
)
def test_an_import_is_found_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, found: set[str]
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "gan_core").mkdir()
    path = tmp_path / "module.py"
    path.write_text(code)
    monkeypatch.setattr(sys.modules[__name__], "PROJECT_DIR", tmp_path)
    assert imported([path]).keys() == found

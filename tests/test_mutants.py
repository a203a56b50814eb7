"""The command that changes formulas on purpose: which changes it makes, and that it tells a noticed one from another."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gan_core.config.settings import PROJECT_DIR
from tools import mutants

SOURCE = '''
LIMIT = 0.5

def half(x: int | None, *, y: float = 1.0) -> float | None:
    """Half of 2 is 1."""
    if x is None or not y < LIMIT:
        raise ValueError(f"{x + 1} is above {2 * LIMIT}")
    return -x / 2 if y else max(x, y, key=lambda one: one ** 2)
'''


def test_formulas_bounds_and_signs_are_changed_and_no_words_or_annotations():
    became = {mutant.became for mutant in mutants.mutants("half.py", SOURCE)}
    assert became == {
        "LIMIT = 1.5", "LIMIT = -0.5",
        "def half(x: int | None, *, y: float = 2.0) -> float | None:",
        "def half(x: int | None, *, y: float = 0.0) -> float | None:",
        "if not x is None or not y < LIMIT:", "if x is not None or not y < LIMIT:", "if x is None or y < LIMIT:",
        "if x is None and not y < LIMIT:", "if x is None or not y <= LIMIT:", "if x is None or not y > LIMIT:",
        "return +x / 2 if y else max(x, y, key=lambda one: one ** 2)",
        "return -x * 2 if y else max(x, y, key=lambda one: one ** 2)",
        "return -x / 3 if y else max(x, y, key=lambda one: one ** 2)",
        "return -x / 1 if y else max(x, y, key=lambda one: one ** 2)",
        "return -x / 2 if not y else max(x, y, key=lambda one: one ** 2)",
        "return -x / 2 if y else max(x, y, key=lambda one: one * 2)",
        "return -x / 2 if y else max(x, y, key=lambda one: one ** 3)",
        "return -x / 2 if y else max(x, y, key=lambda one: one ** 1)",
    }  # fmt: skip


def test_the_table_names_tests_and_modules_that_there_are():
    parts, equivalent = mutants.read_table()
    modules = [module for part in parts for module in part.modules]
    assert len(modules) == len(set(modules)) and set(equivalent) <= set(modules)
    for part in parts:
        assert part.modules and all((PROJECT_DIR / test.partition("::")[0]).exists() for test in part.tests)


@pytest.mark.slow
def test_the_command_changes_a_module_and_its_tests_notice():
    command = [sys.executable, "tools/mutants.py", "--only", "sharpness.py", "--at-most", "5", "--jobs", "1"]
    done = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    module, changed, killed, timeout, equivalent, survived, share, *_ = done.stdout.splitlines()[1].split()
    assert module.endswith("sharpness.py") and (timeout, equivalent, survived, share) == ("0", "0", "0", "100.0%")
    assert changed == killed and 3 <= int(changed) <= 5

"""How much of the mathematics the tests hold: every formula, bound and sign is changed on purpose, one at a time.

    python tools/mutants.py                                        all parts of tools/mutants.toml
    python tools/mutants.py --only gan_core/models/penalties.py    modules whose path contains this
    python tools/mutants.py --at-most 5                            so many of each module; prints, writes nothing

docs/mutants.json is written as modules finish: a module that is run again takes the place of its older row.
The changes are cosmic-ray's. Its own runner starts an interpreter for each of them, which would spend most of its time
importing torch; here each mutant is a fork of one process that has loaded what the tests need. The changed module is
handed to the fork in memory, so no file is touched. A mutant is killed when its part's tests fail, stop with an error or
use far more processor time than they usually do.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import json
import os
import resource
import signal
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from parso.tree import NodeOrLeaf

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tools" / "mutants.toml"
RESULT = ROOT / "docs" / "mutants.json"
OPERATORS = (
    "NumberReplacer", "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd",
    *(f"ReplaceUnaryOperator_{kind}" for kind in ("USub_UAdd", "Delete_Not", "Delete_Invert")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in (
        "Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul", "BitAnd_BitOr", "BitOr_BitAnd",
        "LShift_RShift", "RShift_LShift",
    )),
    *(f"ReplaceComparisonOperator_{pair}" for pair in (
        "Lt_LtE", "Lt_Gt", "LtE_Lt", "LtE_GtE", "Gt_GtE", "Gt_Lt", "GtE_Gt", "GtE_LtE", "Eq_NotEq", "NotEq_Eq", "Is_IsNot",
        "IsNot_Is",
    )),
)  # fmt: skip
COUNTS = ("mutants", "killed", "timeout", "equivalent", "survived")
MEMORY_BYTES = 6 << 30  # of one fork: a changed size may ask for anything
SLOWEST, SHORTEST_S = 5, 20  # a mutant is stopped after so many times the tests' own processor time, at least so long


@dataclass(frozen=True)
class Part:
    """Modules whose formulas are held by some tests: paths from the project's folder, the tests' as pytest takes them."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Mutant:
    """One change: the module's path, the line's number, the line as it is and as it becomes, and the changed source."""

    module: str
    line: int
    was: str
    became: str
    source: str


def mutants(module: str, source: str) -> Iterator[Mutant]:
    """Every change of formulas, bounds and signs in a module; none of annotations, sentences for people or decorators."""
    tree, seen = get_ast(source), {source}
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        nodes = (node for node in ast_nodes(tree) for _ in operator.mutation_positions(node))
        for occurrence, node in enumerate(nodes):
            changed = mutate_code(source, operator, occurrence) if _counts(node) else None
            if changed and changed not in seen:
                seen.add(changed)
                yield _described(module, source, changed)


def _described(module: str, source: str, changed: str) -> Mutant:
    lines = zip(source.splitlines(), changed.splitlines(), strict=True)
    number, (was, became) = next((i, pair) for i, pair in enumerate(lines, 1) if pair[0] != pair[1])
    return Mutant(module, number, " ".join(was.split()), " ".join(became.split()), changed)


def _counts(node: NodeOrLeaf) -> bool:
    """Whether a node is part of a computation: no annotation, error sentence, text, decorator or check of lengths."""
    if node.type == "if_stmt" and node.children[1].get_code().strip() == "TYPE_CHECKING":
        return False
    if node.type == "operator" and node.parent.type in ("parameters", "dictorsetmaker"):  # the stars of f(*, x), {**x}
        return False
    while (parent := node.parent) is not None:
        if (
            parent.type in ("raise_stmt", "fstring", "decorator", "tfpdef")
            or (parent.type == "annassign" and node is parent.children[1])
            or (parent.type == "funcdef" and node is parent.annotation)
            or (parent.type == "argument" and parent.children[0].get_code().strip() == "strict")
        ):
            return False
        node = parent
    return True


class _Changed(importlib.abc.MetaPathFinder):
    """Finds one module with another source than its file's."""

    def __init__(self, module: str, source: str) -> None:
        self.name = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self.path, self.source = str(ROOT / module), source

    def find_spec(
        self, name: str, path: object, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        source = self.source

        class Loader(importlib.machinery.SourceFileLoader):
            def get_code(self, fullname: str) -> CodeType:
                return compile(source, self.path, "exec", dont_inherit=True)

        return importlib.util.spec_from_file_location(name, self.path, loader=Loader(name, self.path))


class _NoShrinking:
    """Has hypothesis stop at the first example that fails: a simpler one would say nothing more here."""

    def pytest_collection_finish(self) -> None:
        """Once the tests' own settings are loaded."""
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants", parent=settings(), phases=(Phase.explicit, Phase.generate), derandomize=True
        )
        settings.load_profile("mutants")


def _fork(tests: tuple[str, ...], mutant: Mutant | None, limit_s: int, output: Path, loaded: Path | None = None) -> int:
    """Starts a process that runs the tests, and exits with pytest's status; gives its id."""
    child = os.fork()
    if child:
        return child
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s + 5))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 1), os.dup2(handle, 2)
        if mutant is not None:
            sys.meta_path.insert(0, _Changed(mutant.module, mutant.source))
        import pytest

        quick = (
            "-q",
            "-x",
            "--tb=no",
            "--assert=plain",
            "--disable-warnings",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
        )
        status = int(pytest.main([*quick, *tests], plugins=[_NoShrinking()]))
        if loaded is not None:
            loaded.write_text("\n".join(name for name, module in list(sys.modules.items()) if not _is_own(module)))
        sys.stdout.flush()
        os._exit(status)
    except BaseException:  # whatever a mutant does, the fork must not go on with its parent's work
        os._exit(70)


def _is_own(module: ModuleType) -> bool:
    """Whether a module is the project's own, which every fork must import for itself."""
    file = getattr(module, "__file__", None) or ""
    return file.startswith(str(ROOT)) and "site-packages" not in file


def _wait(child: int) -> tuple[int, float]:
    """(exit status or minus the signal, processor seconds) of a process that has ended."""
    _, status, usage = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


def baseline(part: Part, scratch: Path) -> float:
    """Processor seconds of the part's tests on the code as it is, once all that they need is loaded.

    Raises:
        SystemExit: the tests fail without any change.
    """
    log, names = scratch / "log", scratch / "names"
    for loaded in (names, None):
        status, seconds = _wait(_fork(part.tests, None, 600, log, loaded))
        if status:
            raise SystemExit(
                f"{log.read_text('utf-8')[-4000:]}\nThese tests fail before anything is changed: {part.tests}"
            )
        for name in names.read_text("utf-8").split("\n"):
            with suppress(Exception):  # some modules exist only once others have made them
                importlib.import_module(name)
    gc.freeze()  # a fork need not look through what is loaded
    return seconds


def outcomes(part: Part, wanted: list[Mutant], limit_s: int, jobs: int, scratch: Path) -> list[str]:
    """For each mutant "killed", "survived" or "timeout", in the order given."""
    found, running = [""] * len(wanted), {}
    for place in range(len(wanted) + jobs):
        if place < len(wanted):
            running[_fork(part.tests, wanted[place], limit_s, scratch / f"log-{place % jobs}")] = place
        if running and (len(running) >= jobs or place >= len(wanted)):
            child, status, _ = os.wait4(-1, 0)
            code = os.waitstatus_to_exitcode(status)
            slow = code in (-signal.SIGXCPU, -signal.SIGKILL)
            found[running.pop(child)] = "timeout" if slow else "killed" if code else "survived"
    return found


def read_table() -> tuple[list[Part], dict[str, dict[str, str]]]:
    """The parts, each module in the first that names it, and the changes that change nothing: module -> line -> why."""
    table, parts, named = tomllib.loads(TABLE.read_text("utf-8")), [], set()
    for part in table["part"]:
        found = [str(path.relative_to(ROOT)) for glob in part["modules"] for path in sorted(ROOT.glob(glob))]
        parts.append(Part(tuple(module for module in found if module not in named), tuple(part["tests"])))
        named.update(found)
    return parts, table.get("equivalent", {})


def run(only: str, at_most: int, jobs: int) -> Iterator[dict[str, Any]]:
    """One row a module: path, counts, and the survivors with what is known of them."""
    parts, equivalent = read_table()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
        for part in parts:
            chosen = {
                module: every
                for module in part.modules
                if only in module and (every := list(mutants(module, (ROOT / module).read_text("utf-8"))))
            }
            if at_most:
                chosen = {name: every[:: -(-len(every) // at_most)] for name, every in chosen.items()}
            if not chosen:
                continue
            limit_s = max(SHORTEST_S, int(SLOWEST * baseline(part, Path(folder))))
            for module, wanted in chosen.items():
                found = outcomes(part, wanted, limit_s, jobs, Path(folder))
                yield _row(module, wanted, found, equivalent.get(module, {}))


def _row(module: str, wanted: list[Mutant], found: list[str], equivalent: dict[str, str]) -> dict[str, Any]:
    left = [mutant for mutant, outcome in zip(wanted, found, strict=True) if outcome == "survived"]
    same = [mutant for mutant in left if mutant.became in equivalent]
    return {
        "module": module,
        "mutants": len(wanted),
        "killed": found.count("killed"),
        "timeout": found.count("timeout"),
        "equivalent": len(same),
        "survived": len(left) - len(same),
        "left": [
            {"line": m.line, "was": m.was, "became": m.became} | ({"equivalent": equivalent[m.became]} if m in same else {})
            for m in left
        ],
    }  # fmt: skip


def _print_left(row: dict[str, Any]) -> None:
    for left in row["left"]:
        print(
            f"{row['module']}:{left['line']}\n  - {left['was']}\n  + {left['became']}  {left.get('equivalent', '')}",
            flush=True,
        )


def write(row: dict[str, Any]) -> None:
    """Puts a module's row into docs/mutants.json, in the order of the table."""
    order = {module: place for place, module in enumerate(m for part in read_table()[0] for m in part.modules)}
    known = json.loads(RESULT.read_text("utf-8"))["modules"] if RESULT.exists() else []
    rows = {old["module"]: old for old in known if old["module"] in order} | {row["module"]: row}
    kept = [rows[module] for module in sorted(rows, key=order.__getitem__)]
    missing = [module for module in order if module not in rows and _has_code(module)]
    total = {name: sum(one[name] for one in kept) for name in COUNTS}
    document = {
        "made by": "make mutants",
        "tool": f"cosmic-ray {importlib.metadata.version('cosmic-ray')}",
        "share": round(share(kept), 4),
        "total": total,
        "not measured": missing,
        "modules": kept,
    }
    RESULT.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _has_code(module: str) -> bool:
    """Whether a module holds more than its docstring."""
    return len(ast.parse((ROOT / module).read_text("utf-8")).body) > 1


def share(rows: list[dict[str, Any]]) -> float:
    """Killed mutants among those that are not equivalent: 0 to 1."""
    killed = sum(row["killed"] + row["timeout"] for row in rows)
    return killed / max(1, sum(row["mutants"] - row["equivalent"] for row in rows))


def _line(row: dict[str, Any]) -> str:
    counts = "".join(f"{row[name]!s:>12}" for name in COUNTS)
    return f"{row['module']!s:<48}{counts}{share([row]):>8.1%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="part of a module's path")
    parser.add_argument(
        "--at-most",
        type=int,
        default=0,
        help="mutants of a module, evenly spread; 0 for all; nothing is written of some",
    )
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes at a time")
    parser.add_argument("--survivors", action="store_true", help="print every change that no test noticed")
    chosen = parser.parse_args()
    os.chdir(ROOT)
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    print(f"{'module':<48}" + "".join(f"{name:>12}" for name in COUNTS) + "   share", flush=True)
    rows = []
    for row in run(chosen.only, chosen.at_most, chosen.jobs):
        rows.append(row)
        print(_line(row), flush=True)
        if chosen.survivors:
            _print_left(row)
        if not chosen.at_most:
            write(row)
    print(_line({"module": "all", **{name: sum(row[name] for row in rows) for name in COUNTS}}))


if __name__ == "__main__":
    main()

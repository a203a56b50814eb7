"""What strangers may send: pictures, archives, checkpoints, JSON, names, ids, addresses, cards and sweeps made to do harm.

    python tools/hostile.py                    all classes; prints a table, writes docs/hostile.json and docs/hostile.md
    python tools/hostile.py --only archives    one class
    python tools/hostile.py --share 0.02       a fiftieth of each; prints, writes nothing
    python tools/hostile.py --fuzz 600         coverage-guided, as long on every parser; needs `pip install atheris`

Each input is refused with a ValueError or accepted; an accepted one is looked at. It fails when one is accepted wrongly,
crashes its parser or leaves a file outside of its folder, or when fewer were injected than a class states.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FunctionType

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from gan_core import runs  # noqa: E402
from gan_core.config import RunConfig, field_names, may_be_live, parse_config, strict_json, with_changes  # noqa: E402
from gan_core.datasets import uploads, zips  # noqa: E402
from gan_core.datasets.sources import points  # noqa: E402
from gan_core.experiments import studies  # noqa: E402
from gan_core.experiments.sweeps import folder as sweeps  # noqa: E402
from gan_core.experiments.sweeps.plan import MAX_TRIALS, Sweep  # noqa: E402
from gan_core.figures import imaging, style  # noqa: E402
from gan_core.hub import card, checks  # noqa: E402
from gan_core.processes.guarded import Start  # noqa: E402
from gan_core.runs import Status, evaluations, portable  # noqa: E402
from gan_core.runs.status import read_status  # noqa: E402
from pages.components.text import as_text  # noqa: E402
from tools.hostile_inputs import SEEDS, mutated, words  # noqa: E402

RESULT, TABLE = ROOT / "docs" / "hostile.json", ROOT / "docs" / "hostile.md"
OUTCOMES = ("injected", "refused", "accepted", "wrong", "crashed", "outside")
# What GitHub's Markdown makes of plain text, once escapes are gone.
AUTOLINK = re.compile(r"(https?://|www(?=\.))[-.\w]+|(?<![-.\w+])[-.\w+]+@[-\w]+(\.[-\w]+)+", re.IGNORECASE)
MARKUP = re.compile(r"(?<!\\)(?:\\\\)*[\[\]<>!`*$#|]|:(?=[\w/+-]+:)")
OUR_NAME = re.compile(r"\d{5}\.(png|jpe?g?|jfif|bmp|gif|webp)")


class Wrong(Exception):
    """An input was accepted that should not have been, or made something that it must not."""


def must(holds: bool, words: str) -> None:
    """Raises Wrong unless it holds."""
    if not holds:
        raise Wrong(words)


# ---- parsers: each reads bytes, in a folder of its own, and looks at what it accepted


def read_config(data: bytes, place: Path) -> None:
    """config.json."""
    config = parse_config(strict_json(data))
    must(parse_config(strict_json(config.to_json())) == config, "it does not come back equal")


def read_points(data: bytes, place: Path) -> None:
    """A file of points."""
    found = points.parse(data, "x")
    must(found.ndim == 2 and 10 <= len(found) <= 100_000 and bool(np.isfinite(found).all()), "points that are none")


def read_logs(data: bytes, place: Path) -> None:
    """metrics.jsonl, events.jsonl and evaluations.jsonl of a fetched run."""
    log = place / "log.jsonl"
    log.write_bytes(data)
    events = portable.events_until(portable.checked_lines(log, portable.MAX_EVENTS), 100)
    must(all(may_be_live(k, v) for e in events for k, v in e.get("changes", {}).items()), "a live change out of bounds")
    evaluations.until(portable.checked_lines(log, portable.MAX_EVENTS), 100)
    steps = [row["step"] for row in portable.metrics_until(portable.checked_lines(log), 100)]
    must(steps == sorted(steps) and all(0 <= step <= 100 for step in steps), "steps out of order")


def read_object(data: bytes, place: Path) -> None:
    """status.json."""
    value = strict_json(data)
    if not isinstance(value, dict):
        raise ValueError("no object")
    must(isinstance(read_status(value), Status), "no status")


def read_sweep(data: bytes, place: Path) -> None:
    """sweep.json, as the list of sweeps reads it."""
    sweep = Sweep.from_dict(strict_json(data))
    must(Sweep.from_dict(json.loads(json.dumps(sweep.to_dict()))) == sweep, "it does not come back equal")
    must(isinstance(sweep.name, str) and 1 <= sweep.trials <= MAX_TRIALS, "no name, or no number of trials")


def read_picture(data: bytes, place: Path) -> None:
    """A picture file."""
    try:
        picture = imaging.open_picture(io.BytesIO(data), 3)
    except MemoryError:
        raise ValueError("too much memory") from None
    must(picture.mode == "RGB" and picture.width * picture.height <= imaging.MAX_PIXELS, "a picture that is too large")


def read_archive(data: bytes, place: Path) -> None:
    """A zip of pictures: what the guarded process does, and where its files are."""
    zips.check_directory(io.BytesIO(data))
    (place / "x.zip").write_bytes(data)
    limits = {"most": zips.MAX_ENTRIES, "most_bytes": zips.MAX_TOTAL_BYTES}
    order = {"zip": str(place / "x.zip"), "folder": str(place / "in"), "limits": limits, "encoding": ""}
    taken = list(zips.take(order, Start()))
    files = [path for path in place.rglob("*") if path.is_file() and path.name != "x.zip"]
    must(all(OUR_NAME.fullmatch(path.name) for path in files), "a file under a name of the archive's")
    must(all(path.is_relative_to(place / "in") and not path.is_symlink() for path in files), "a file elsewhere")
    must(len(files) == sum(not reason for _total, _name, reason, _read_as in taken), "a file that was not told of")
    for path in files:
        imaging.check_picture(path)
    if not files:
        raise ValueError("nothing taken")


SHAPES = {"g.w": ((2, 3), "float32"), "g.b": ((3,), "float32")}


def read_checkpoint(data: bytes, place: Path) -> None:
    """A checkpoint's weights: the manifest's hash, then names, shapes and types."""
    name = "checkpoints/step-00000020/model.safetensors"
    file = place / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    checks.fits(checks.header(file), SHAPES, name)
    must(data[8 : 8 + int.from_bytes(data[:8], "little")].count(b"dtype") >= len(SHAPES), "tensors that are not there")
    whole = SEEDS["checkpoints"]()[0]
    (place / "manifest.json").write_text(json.dumps({name.partition("/")[2]: _sha256(whole, place)}))
    checks.manifest(place, [name])
    must(data == whole, "another content under the same hash")


def _sha256(content: bytes, place: Path) -> str:
    (place / "whole").write_bytes(content)
    return portable.sha256(place / "whole")


PARSERS: dict[str, Callable[[bytes, Path], None]] = {
    "pictures": read_picture,
    "archives": read_archive,
    "checkpoints": read_checkpoint,
    "configurations": read_config,
    "points": read_points,
    "logs": read_logs,
    "status": read_object,
    "sweep files": read_sweep,
}
# ---- words: names, ids, query parameters, cards


def try_name(text: str, place: Path) -> None:
    """A name: shown as text, and the folder of what bears it is ours."""
    shown = as_text(text)
    must(not MARKUP.search(shown), f"markup in {shown!r}")
    must(not AUTOLINK.search(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown)), f"a link in {shown!r}")
    must("<" not in style.label(text), "HTML in a chart")
    own = uploads.add_points([(0.1 * n, 1.0) for n in range(12)], text)
    must(re.fullmatch(r"points-([a-z0-9-]+-)?[0-9a-f]{8}", own.id) is not None, f"a folder called {own.id!r}")
    uploads.delete(own.id)


def try_id(text: str, place: Path) -> None:
    """An id that nothing has."""
    for find in (uploads.find, uploads.delete, lambda i: runs.find(place, i), lambda i: studies.find(place, i)):
        try:
            find(text)
        except ValueError:
            continue
        raise Wrong(f"{text!r} was found")
    must(sweeps.find_or_none(place, text) is None, f"{text!r} is a sweep")
    raise ValueError("refused by all")


def try_query(text: str, place: Path) -> None:
    """A setting in an address: a field of the configuration, or what stands for one."""
    fields = list(field_names())
    name = text if len(text) % 5 == 0 else fields[len(text) * 31 % len(fields)]
    config = with_changes(RunConfig(), {name: text})
    must(parse_config(strict_json(config.to_json())) == config, "it does not come back equal")


def try_card(text: str, place: Path) -> None:
    """A model card."""
    shown = card.unlinked(text)
    must(not re.search(r"(?<!\\)(?:\\\\)*[\[\]<>!`*]", shown) and "\n" not in shown, f"markup in {shown!r}")
    must(not AUTOLINK.search(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown)), f"a link in {shown!r}")


WORDS: dict[str, Callable[[str, Path], None]] = {
    "names": try_name,
    "ids": try_id,
    "query parameters": try_query,
    "model cards": try_card,
}
STATED = {
    "pictures": 4_000, "archives": 4_000, "checkpoints": 2_000, "configurations": 3_000, "points": 3_000, "logs": 3_000, "status": 3_000,
    "sweep files": 3_000, "names": 3_000, "ids": 5_000, "query parameters": 3_000, "model cards": 5_000,
}  # fmt: skip


# ---- the run


@dataclass
class Row:
    """What became of a class's inputs, and the first words of what went wrong."""

    name: str
    counts: Counter[str]
    faults: list[str]

    @property
    def failed(self) -> bool:
        """Whether one was accepted wrongly, crashed or left a file elsewhere, or too few were injected."""
        return any(self.counts[bad] for bad in ("wrong", "crashed", "outside"))


def inject(name: str, count: int, seed: int = 0) -> Row:
    """Makes so many hostile inputs of a class and counts what becomes of them."""
    rng, row = random.Random(f"{name} {seed}"), Row(name, Counter(), [])
    with tempfile.TemporaryDirectory() as above:
        place = Path(above) / "place"
        os.environ |= {"GANVAS_DATA_DIR": str(place / "data"), "GANVAS_RUNS_DIR": str(place / "runs")}
        seeds = SEEDS[name]() if name in SEEDS else []
        for _ in range(count):
            place.mkdir()
            made = mutated(rng, seeds) if seeds else words(rng)
            attempt: Callable[..., None] = PARSERS[name] if seeds else WORDS[name]
            outcome, fault = _outcome(partial(attempt, made, place))
            row.counts.update(("injected", outcome))
            row.faults += [fault] if fault else []
            shutil.rmtree(place)
            row.counts["outside"] += len(list(Path(above).iterdir()))
    return row


def _outcome(attempt: Callable[[], None]) -> tuple[str, str]:
    try:
        attempt()
    except ValueError:
        return "refused", ""
    except Wrong as wrong:
        return "wrong", str(wrong)
    except Exception as crash:
        return "crashed", f"{type(crash).__name__}: {crash}"[:200]
    return "accepted", ""


def fuzz(name: str, seconds: int) -> None:
    """Runs atheris on one parser in this process, which it ends; a crash prints the input."""
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        raise SystemExit("The fuzzer is optional: pip install atheris. Then start it again.") from None
    place = Path(tempfile.mkdtemp())
    corpus = place / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS[name]()):
        (corpus / str(number)).write_bytes(seed)

    def one(data: bytes) -> None:
        inner = place / "place"
        inner.mkdir()
        try:
            PARSERS[name](data, inner)
        except ValueError:
            pass
        finally:
            shutil.rmtree(inner)

    for module in [module for own, module in list(sys.modules.items()) if own.startswith("gan_core.")]:
        for function in list(vars(module).values()):
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                atheris.instrument_func(function)
    options = [
        f"-max_total_time={seconds}",
        "-rss_limit_mb=4096",
        "-timeout=20",
        f"-artifact_prefix={place}/",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="one class")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the stated numbers; nothing is written of less than all"
    )
    parser.add_argument("--fuzz", type=int, default=0, help="seconds of atheris on each parser instead")
    chosen = parser.parse_args()
    if chosen.fuzz and chosen.only:
        fuzz(chosen.only, chosen.fuzz)
    if chosen.fuzz:
        same = [sys.executable, __file__, "--fuzz", str(chosen.fuzz), "--only"]
        failed = [name for name in PARSERS if subprocess.run([*same, name], check=False).returncode]
        raise SystemExit(f"Crashed: {', '.join(failed)}" if failed else 0)
    print(f"{'class':<20}" + "".join(f"{name:>10}" for name in OUTCOMES) + f"{'s':>8}", flush=True)
    rows = list(_rows(chosen.only, chosen.share))
    if not chosen.only and chosen.share >= 1:
        TABLE.write_text(HEAD + "\n".join(map(_line, rows)) + "\n", "utf-8")
        document = {
            "made by": "make hostile",
            "classes": [{"class": row.name, **{n: row.counts[n] for n in OUTCOMES}} for row in rows],
        }
        RESULT.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    few = [row.name for row in rows if row.counts["injected"] < int(STATED[row.name] * chosen.share)]
    bad = [row.name for row in rows if row.failed]
    if few or bad:
        raise SystemExit(f"Failed: {', '.join(bad) or 'none'}. Injected fewer than stated: {', '.join(few) or 'none'}.")


HEAD = f"""# Hostile input

`make hostile` changes sound inputs of each class, or puts words together that people try, and gives them to the parser that
the program uses. Refused: a ValueError. Accepted: read, and what came of it was looked at. Wrong: accepted, and it should not have
been. Outside: a file that is not in its folder. It fails unless wrong, crashed and outside are 0 and as many were injected as
`STATED` in `tools/hostile.py` says. `make fuzz` lets atheris look for more on the same parsers.

| class | {" | ".join(OUTCOMES)} |
|---|{"---|" * len(OUTCOMES)}
"""


def _line(row: Row) -> str:
    return f"| {row.name} | " + " | ".join(f"{row.counts[outcome]:,}" for outcome in OUTCOMES) + " |"


def _rows(only: str, share: float) -> Iterator[Row]:
    for name, stated in STATED.items():
        if only in ("", name):
            began = time.monotonic()
            row = inject(name, max(1, int(stated * share)))
            numbers = "".join(f"{row.counts[outcome]:>10}" for outcome in OUTCOMES)
            print(f"{name:<20}{numbers}{time.monotonic() - began:>8.1f}", flush=True)
            for fault in sorted(set(row.faults))[:10]:
                print(f"    {fault}", flush=True)
            yield row


if __name__ == "__main__":
    main()

"""Hostile inputs for `tools/hostile.py`: sound ones of each class and what is done to them, and words that people try."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Callable

import numpy as np
from PIL import Image

from gan_core.config import RunConfig
from gan_core.experiments.sweeps.plan import listed, ranged, sweep_from
from gan_core.figures import imaging


def _pictures() -> list[bytes]:
    rng, found = np.random.default_rng(0), []
    noise = Image.fromarray(rng.integers(0, 255, (24, 31, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in imaging.FORMATS:
        buffer = io.BytesIO()
        noise.save(buffer, kind, **({"exif": exif.tobytes()} if kind in ("PNG", "JPEG", "WEBP") else {}))
        found.append(buffer.getvalue())
    return found


def _archives() -> list[bytes]:
    small, found = _pictures(), []
    names = [
        "a/1.png",
        "a/2.jpg",
        "b/3.bmp",
        "b/4.gif",
        "b/5.webp",
        "notes.txt",
        "../6.png",
        "a\\7.png",
        "\u202e/8.png",
    ]
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        for last in (6, 9):
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", compression) as archive:
                for number, name in enumerate(names[:last]):
                    archive.writestr(name, small[number % len(small)])
            content = buffer.getvalue()
            found += [content, content.replace(b"a/", b"\x82/")]  # a name in CP437
    return found


def _checkpoints() -> list[bytes]:
    head = {"g.w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
            "g.b": {"dtype": "F32", "shape": [3], "data_offsets": [24, 36]}}  # fmt: skip
    text = json.dumps(head).encode()
    return [len(text).to_bytes(8, "little") + text + bytes(36)]


def _logs() -> list[bytes]:
    live = {
        "type": "override",
        "step": 5,
        "time": 1.0,
        "changes": {"generator_optimizer.learning_rate": 1e-3},
        "sequence": 1,
    }
    measured = {"metric": "fid", "value": 3.5, "step": 20, "num_samples": 100, "interval": [3.0, 4.0], "extractor": "a"}
    rows = [{"step": n, "epoch": 0, "loss/d": 0.5, "loss/g": 1.5} for n in range(5)]
    return ["".join(json.dumps(line) + "\n" for line in lines).encode() for lines in (rows, [live, live], [measured])]


def _sweeps() -> list[bytes]:
    grid = sweep_from(name="x", preset="mnist-dcgan", metric="loss/g", axes=[listed("training.batch_size", [32, 64])])
    search = sweep_from(
        name="y", preset="mnist-dcgan", metric="loss/g", axes=[ranged("learning_rate", 1e-4, 1e-3)], trials=5
    )
    return [json.dumps(sweep.to_dict()).encode() for sweep in (grid, search)]


SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "pictures": _pictures,
    "archives": _archives,
    "checkpoints": _checkpoints,
    "configurations": lambda: [RunConfig().to_json().encode()],
    "points": lambda: [b"x,y\n" + b"1.0,-0.5\n" * 12, json.dumps({"x": [0.5] * 12, "y": [1] * 12}).encode()],
    "logs": _logs,
    "status": lambda: [json.dumps({"state": "running", "step": 5, "error": "", "seconds": 1.5}).encode()],
    "sweep files": _sweeps,
}
ODD = (b"NaN", b"-Infinity", b"1e999", b"-1e200", b"1" * 5000, b"[" * 200, b"[" * 100_000, b'"\\ud800"', b"null", b'""', b"{}",
       b"\x00", b"\xff\xff\xff\xff", b"\xff" * 8, b"\x7f\xff\xff\xff", b"PK\x05\x06", b"PK\x06\x07", b"../", b"true", b"-1", b"1e-400")  # fmt: skip


def mutated(rng: random.Random, seeds: list[bytes]) -> bytes:
    """A seed with one to eight changes: bits, bytes, cuts, repeats, odd numbers and marks, parts of another seed."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice((1, 2, 4, 16, 200)))
        kind = rng.randrange(7)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at:end] = rng.randbytes(end - at)
        elif kind == 2:
            del data[at : end if rng.random() < 0.7 else None]
        elif kind == 3:
            data[at:at] = data[at:end]
        elif kind == 4:
            data[at:end] = rng.choice(ODD)
        elif kind == 5:
            other = rng.choice(seeds)
            start = rng.randrange(len(other))
            data[at:end] = other[start : start + rng.choice((1, 16, 200))]
        elif numbers := list(re.finditer(rb"-?\d+(\.\d+)?|\"[^\"]*\"", data)):
            found = rng.choice(numbers)
            data[found.start() : found.end()] = rng.choice(ODD)
    return bytes(data)


PIECES = ("https://evil.example", "http://", "www.evil.example", "WWW.x", "a@evil.example", "mailto:a@evil.example", "[a](http://b.c)",
          "![a](b)", "<b>", "<script>", "<img src=x onerror=alert(1)>", "<a href='x'>", ":red[x]", ":material/home:", ":smile:", "$x^2$",
          "`x`", "**x**", "# ", "- ", "\n", "\t", "\0", "\\", "../", "/etc/passwd", "..\\", "C:", "%00", "\u202e", "\u2060", "名", "é", "&lt;",
          "|", "~", "'", '"', "; rm -rf", "{x}", "{0}", "%s", "x" * 90, ".", " ", "CON", "nul.", "-", "--", "a", "1", "null", "1e999")  # fmt: skip


def words(rng: random.Random) -> str:
    """One to six pieces of what people try."""
    return "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 6)))

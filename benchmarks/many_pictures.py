"""Data of CelebA's size: preparing 202,599 JPEGs into the cache, and batches from it beside ImageFolder and a DataLoader.

    python benchmarks/many_pictures.py [--images 202599] [--distinct 200] [--seconds 10] [--out docs/many_pictures.json]

The pictures are the data set `faces`, drawn at 218 px and cut to CelebA's 178 x 218, saved as JPEG in a temporary folder that is removed
at the end; `--distinct` many are drawn (the slow part), and the others are copies of their files. One builder is killed with SIGKILL
when a third is read, and the next one goes on. Batches of 64 at 64 px are taken by turns, in random order. Keep the machine quiet.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run from anywhere, installed or not

from gan_core.config import DatasetConfig
from gan_core.config.devices import processor, usable_cores
from gan_core.datasets import prepare
from gan_core.datasets.batches import Batches
from gan_core.datasets.sources import faces
from gan_core.runs.files import write_atomically

SIZE, BATCH, ROUNDS = 64, 64, 3
WIDTH, HEIGHT = 178, 218
BUILDER = (
    "import json, sys, time; from gan_core.config import DatasetConfig; from gan_core.datasets import prepare\n"
    "begun = time.monotonic()\n"
    "prepare(DatasetConfig(**json.loads(sys.argv[1])), lambda done, total: print(done, round(time.monotonic() - begun, 2), flush=True))\n"
)


def draw(folder: Path, images: int, distinct: int) -> int:
    """Fills a folder with JPEGs of CelebA's size; returns their bytes, each name counted."""
    folder.mkdir()
    sizes = []
    for first in range(0, distinct, 100):
        drawn, _labels = faces.draw(0, range(first, min(first + 100, distinct)), HEIGHT)
        for number, pixels in enumerate(drawn, first):
            path = folder / f"{number:06d}.jpg"
            side = (HEIGHT - WIDTH) // 2
            Image.fromarray(pixels.transpose(1, 2, 0)[:, side : side + WIDTH]).save(path, quality=90)
            sizes.append(path.stat().st_size)
    contents = [(folder / f"{number:06d}.jpg").read_bytes() for number in range(distinct)]
    for number in range(distinct, images):
        (folder / f"{number:06d}.jpg").write_bytes(contents[number % distinct])
    return sum(sizes[number % distinct] for number in range(images))


class Memory:
    """The most memory that a process and its children held together, in MiB (proportional set size, looked at twice a second)."""

    def __init__(self, pid: int) -> None:
        self.most, self._root, self._ended = 0.0, psutil.Process(pid), threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            try:
                processes = [self._root, *self._root.children(recursive=True)]
                held = sum(_held(process) for process in processes)
            except psutil.Error:
                continue
            self.most = max(self.most, held / 2**20)


def _held(process: psutil.Process) -> int:
    """Bytes that are the process's own: mapped files are the disk's cache, which the system takes back."""
    try:
        return int(process.memory_info().rss - process.memory_info().shared)
    except psutil.Error:
        return 0


def build(config: DatasetConfig, cache: Path, stop_at: int = 0) -> dict[str, float]:
    """Prepares the pictures in a process of its own, killed once `stop_at` are read."""
    arguments = [sys.executable, "-c", BUILDER, config.model_dump_json()]
    environment = {
        **os.environ,
        "GANVAS_CACHE_DIR": str(cache),
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
    }
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment)
    first, last = None, (0, 0.0)
    with Memory(process.pid) as memory:
        for line in process.stdout or ():
            done, seconds = line.split()
            last = int(done), float(seconds)
            first = first or last
            if stop_at and last[0] >= stop_at:
                process.send_signal(signal.SIGKILL)
                break
        code = process.wait()
    if code != (-signal.SIGKILL if stop_at else 0):
        raise RuntimeError(f"The builder ended with code {code}.")
    begun = first or last
    rate = (last[0] - begun[0]) / max(1e-9, last[1] - begun[1])
    return {
        "first": begun[0],
        "last": last[0],
        "seconds": last[1],
        "images_per_s": round(rate),
        "memory_mib": round(memory.most),
    }


def from_cache(config: DatasetConfig) -> Callable[[], Iterator[Any]]:
    """Batches as training takes them."""
    batches = Batches(prepare(config), BATCH, 0, torch.device("cpu"), 1)

    def take() -> Iterator[Any]:
        step = 0
        while True:
            yield batches.batch(step)
            step += 1

    return take


def from_folder(folder: Path, workers: int) -> Callable[[], Iterator[Any]]:
    """Batches as the PyTorch DCGAN example takes them: ImageFolder, Resize, CenterCrop, Normalize and a DataLoader."""
    from torchvision import datasets, transforms

    steps = [transforms.Resize(SIZE), transforms.CenterCrop(SIZE), transforms.ToTensor()]
    steps.append(transforms.Normalize((0.5,) * 3, (0.5,) * 3))
    pictures = datasets.ImageFolder(str(folder), transforms.Compose(steps))

    def take() -> Iterator[Any]:
        loader = torch.utils.data.DataLoader(pictures, BATCH, shuffle=True, num_workers=workers)
        while True:
            yield from loader

    return take


def rate_of(source: Callable[[], Iterator[Any]], seconds: float) -> tuple[float, float]:
    """Images a second after the first batch, and the most memory of this process and its workers in MiB."""
    with Memory(os.getpid()) as memory:
        batches = source()
        next(batches)
        begun, images = time.perf_counter(), 0
        while (now := time.perf_counter() - begun) < seconds:
            images += len(next(batches)[0])
        rate = images / now
        batches.close()
    return rate, memory.most


def measure(images: int, distinct: int, seconds: float, folder: Path) -> dict[str, Any]:
    """All of it, in a folder that is empty."""
    begun = time.monotonic()
    total_bytes = draw(folder / "pictures", images, distinct)
    drawn_s = round(time.monotonic() - begun, 1)
    (folder / "classes").mkdir()
    (folder / "classes" / "all").symlink_to(folder / "pictures")  # ImageFolder wants a folder for each class
    config, cache = (
        DatasetConfig(name="folder", root=str(folder / "pictures"), image_size=SIZE, channels=3),
        folder / "cache",
    )
    killed = build(config, cache, stop_at=images // 3)
    continued = build(config, cache)
    os.environ["GANVAS_CACHE_DIR"] = str(cache)
    workers = usable_cores()
    ours, theirs = from_cache(config), from_folder(folder / "classes", workers)
    turns = [(rate_of(ours, seconds), rate_of(theirs, seconds)) for _ in range(ROUNDS)]
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"), "machine": processor(), "cores": usable_cores(),
        "load": round(os.getloadavg()[0], 1), "images": images, "distinct": distinct, "bytes": total_bytes,
        "drawn_s": drawn_s, "killed": killed, "continued": continued,
        "cache_bytes": sum(file.stat().st_size for file in cache.rglob("*") if file.is_file()),
        "batches": {
            "cache": round(statistics.median(one[0] for one, _ in turns)),
            "folder": round(statistics.median(other[0] for _, other in turns)),
            "workers": workers,
            "ratio": round(statistics.median(one[0] / other[0] for one, other in turns), 1),
            "cache_mib": round(max(one[1] for one, _ in turns)), "folder_mib": round(max(other[1] for _, other in turns)),
        },
    }  # fmt: skip


def main() -> None:
    """Measures, prints, and writes --out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--images", type=int, default=202_599)
    parser.add_argument("--distinct", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    np.random.seed(0)
    with tempfile.TemporaryDirectory(prefix="ganvas-pictures-") as folder:
        found = measure(chosen.images, min(chosen.images, chosen.distinct), chosen.seconds, Path(folder))
    words = json.dumps(found, indent=1)
    print(words)
    if chosen.out:
        write_atomically(chosen.out.absolute(), words.encode())


if __name__ == "__main__":
    main()

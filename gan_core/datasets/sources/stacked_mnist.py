"""`stacked-mnist`: three handwritten digits, one in red, one in green, one in blue: 1,000 modes that can be counted.

Source: Srivastava et al. 2017, "VEEGAN", and Metz et al. 2017; made here from `mnist5k`. Labels are three one-hots,
30 columns: "red 0" ... "red 9", "green 0" ... "blue 9"; `modes` turns them into the number 0-999 that reads red,
green, blue. Training pictures are stacked from the 4,500 training digits of `mnist5k`, test pictures from its 500 others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gan_core.datasets.base import Uint8Array
from gan_core.datasets.sources import mnist5k
from gan_core.datasets.sources.drawn import Drawn, Split

SEED = 2
PLANES = ("red", "green", "blue")


def draw(stream: int, indices: Sequence[int], size: int) -> tuple[Uint8Array, Uint8Array]:
    """Stacks uint8 (N, 3, size, size) and labels (N, 30); stream 0 is train, 1 is test."""
    digits, _ = mnist5k.arrays()
    images = np.empty((len(indices), len(PLANES), size, size), np.uint8)
    for row, index in enumerate(indices):
        for plane, digit in enumerate(_stack(stream, index)):
            images[row, plane] = np.asarray(mnist5k.pad_and_resize(digits[digit], size))
    return images, label(stream, indices)


def label(stream: int, indices: Sequence[int]) -> Uint8Array:
    """The labels (N, 30) of the stacks with these numbers."""
    _, classes = mnist5k.arrays()
    labels = np.zeros((len(indices), len(PLANES), 10), np.uint8)
    for row, index in enumerate(indices):
        labels[row, range(len(PLANES)), classes[_stack(stream, index)]] = 1
    return labels.reshape(len(indices), -1)


def _stack(stream: int, index: int) -> npt.NDArray[np.int64]:
    """The numbers of the three digits in a stack."""
    low, high = (0, mnist5k.NUM_TRAIN) if stream == 0 else (mnist5k.NUM_TRAIN, len(mnist5k.arrays()[1]))
    return np.random.default_rng((SEED, stream, index)).integers(low, high, len(PLANES))


def modes(labels: Uint8Array) -> npt.NDArray[np.int64]:
    """Mode numbers 0-999 (N,) of labels (N, 30): 100 x red + 10 x green + blue."""
    red, green, blue = labels.reshape(-1, len(PLANES), 10).argmax(axis=2).T
    numbers: npt.NDArray[np.int64] = 100 * red + 10 * green + blue
    return numbers


SOURCE = Drawn(
    name="stacked-mnist",
    version=1,
    splits={
        "train": Split(stream=0, standard=26_000, largest=202_599),
        "test": Split(stream=1, standard=3_000, largest=10_000),
    },
    names=tuple(f"{plane} {digit}" for plane in PLANES for digit in range(10)),
    draw=draw,
    label=label,
    native_size=32,
    needs_colour=True,
)

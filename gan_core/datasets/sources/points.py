"""`points`: points of the user's own, drawn on the Data page or read from a file of two columns of numbers.

    x,y                              CSV: commas, semicolons, tabs or spaces; a first line of names is passed over
    1.0,-0.5

    [[1.0, -0.5], ...]               JSON: a list of pairs,
    {"points": [[1.0, -0.5], ...]}   the same with a name, which is how drawn ones are kept,
    {"x": [1.0, ...], "y": [...]}    or two lists of equal length

Points that reach farther than 4, or less than 0.5, are moved to the middle and scaled as one to reach 4: so far the
other 2-D sets go, for which the networks' sizes and learning rates were chosen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gan_core.config import DatasetConfig, read_bounded, strict_json
from gan_core.datasets import sampling
from gan_core.datasets.base import Dataset, PointSource

MIN_POINTS, MAX_POINTS = 10, 100_000
MAX_BYTES = 10_000_000
REACH, SMALLEST_REACH = 4.0, 0.5

Points = npt.NDArray[np.float32]


def read_file(file: Path) -> Points:
    """The points (N, 2) of a file, as they stand in it.

    Raises:
        ValueError: if there is no such file, or it is too large or does not hold MIN_POINTS pairs of finite numbers.
    """
    try:
        if not file.is_file():
            raise ValueError(f"There is no file '{file!s:.300}'. Give the path of a CSV or JSON file of points.")
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise ValueError(f"The file '{file.name}' has {size:,} bytes; at most {MAX_BYTES:,} are read.")
        return parse(read_bounded(file, MAX_BYTES), file.name)
    except (OSError, RuntimeError) as error:
        raise ValueError(f"The file '{file!s:.300}' cannot be read ({error}).") from error


def parse(content: bytes, name: str) -> Points:
    """The points (N, 2) in the bytes of a CSV or JSON file. Raises ValueError as `read_file` does."""
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise ValueError(f"'{name}' is not a text file of points.") from error
    rows = _json_rows(text, name) if text[:1] in ("[", "{") else _csv_rows(text, name)
    return checked(rows, name)


def checked(rows: Sequence[object], name: str) -> Points:
    """The rows as an array (N, 2), once each is found to be a pair of finite numbers.

    Raises:
        ValueError: if one is not (with its number), or there are too few or too many.
    """
    if not MIN_POINTS <= len(rows) <= MAX_POINTS:
        raise ValueError(f"'{name}' has {len(rows):,} points; between {MIN_POINTS} and {MAX_POINTS:,} are needed.")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list | tuple) or len(row) != 2:
            raise ValueError(f"'{name}', point {number}: a point is two numbers, x and y; this is not one.")
        for value in row:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"'{name}', point {number}: x and y must be numbers.")
            if not math.isfinite(value) or abs(value) > 1e30:
                raise ValueError(f"'{name}', point {number}: x and y must be finite, and at most 1e30.")
    return np.array(rows, np.float64).astype(np.float32)


def fitted(points: Points) -> Points:
    """The points as they are if they reach between 0.5 and 4; else moved to the middle and scaled as one to reach 4."""
    if SMALLEST_REACH <= np.abs(points).max() <= REACH:
        return points
    low, high = points.astype(np.float64).min(0), points.astype(np.float64).max(0)
    centred = points - (low + high) / 2
    reach = float(np.abs(centred).max())
    return np.asarray(centred * (REACH / reach if reach > 0 else 0.0), np.float32)


def _json_rows(text: str, name: str) -> list[object]:
    try:
        content = strict_json(text, len(text))  # as large as `parse` allowed it to be
    except ValueError as error:
        raise ValueError(f"'{name}' is not valid JSON ({error}).") from error
    if isinstance(content, dict) and "points" in content:
        content = content["points"]
    if isinstance(content, dict) and isinstance(content.get("x"), list) and isinstance(content.get("y"), list):
        x, y = content["x"], content["y"]
        if len(x) != len(y):
            raise ValueError(f"'{name}' has {len(x):,} numbers in x and {len(y):,} in y; each point needs both.")
        return [list(pair) for pair in zip(x, y, strict=True)]
    if not isinstance(content, list):
        raise ValueError(f"'{name}' must hold a list of pairs such as [[1.0, -0.5], [0.3, 2.0]].")
    return content


def _csv_rows(text: str, name: str) -> list[object]:
    rows: list[object] = []
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [cell for cell in re.split(r"[,;\t ]+", line.strip()) if cell]
        if not cells:
            continue
        try:
            values = [float(cell) for cell in cells]
        except ValueError:
            if number == 1:  # names of the columns
                continue
            raise ValueError(f"'{name}', line {number}: a point is two numbers, x and y.") from None
        if len(values) != 2:
            raise ValueError(f"'{name}', line {number}: a point is two numbers, x and y; got {len(values)}.")
        rows.append(values)
    return rows


class _Points(PointSource):
    def load(self, config: DatasetConfig) -> Dataset:
        if config.split != "train":
            raise ValueError("Your own points have no test split. Set dataset.split to train.")
        try:
            file = Path(config.root).expanduser()
        except RuntimeError as error:  # an unknown user
            raise ValueError(f"The file '{config.root:.300}' cannot be found ({error}).") from error
        points = fitted(read_file(file))
        labels = np.zeros((len(points), 0), np.uint8)
        data = Dataset("points", points, labels, ())  # type: ignore[arg-type]
        return data.part(sampling.sample(labels, config.num_images)) if config.num_images else data


SOURCE = _Points()

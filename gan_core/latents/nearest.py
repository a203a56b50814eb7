"""The nearest of many images, in pixels or in features, and the rank of such a distance. Free of torch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.statistics.intervals import Count

BLOCK = 1000  # rows compared at once: 50 MB of colour pictures at 64 px

Rows = npt.NDArray[np.float32] | npt.NDArray[np.uint8]


def nearest(queries: Rows, index: Rows, count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The `count` rows of an index that are nearest to each query.

    Args:
        queries: (M, ...), features or pictures; uint8 is read as 0 to 1.
        index: (N, ...) of the same kind; may be mapped from a file, it is read in blocks.
        count: at most N.

    Returns:
        Row numbers (M, count), the nearest first, equal distances in the index's order; and root mean squared differences
        (M, count), over all the numbers of a row.

    Raises ValueError if there are fewer rows than `count`, or the sizes of rows differ.
    """
    if queries.shape[1:] != index.shape[1:] or not 1 <= count <= len(index):
        raise ValueError(
            f"Finding the {count} nearest needs at least as many rows of equal size; got {index.shape} to search and "
            f"{queries.shape} to search for."
        )
    rows = _rows(queries)
    squares = (rows**2).sum(axis=1)[:, None]
    places, gaps = np.empty((len(rows), 0), np.int64), np.empty((len(rows), 0))
    for start in range(0, len(index), BLOCK):
        block = _rows(index[start : start + BLOCK])
        rough = squares + (block**2).sum(axis=1)[None] - 2 * (rows @ block.T)
        kept = np.argsort(rough, axis=1, kind="stable")[:, : count + 2]  # rounding may have swapped near ones
        exact = np.stack(
            [((row - block[near]) ** 2).mean(axis=1, dtype=np.float64) for row, near in zip(rows, kept, strict=True)]
        )
        places, gaps = np.hstack([places, kept + start]), np.hstack([gaps, exact])
        order = np.lexsort((places, gaps))[:, :count]
        places, gaps = np.take_along_axis(places, order, 1), np.take_along_axis(gaps, order, 1)
    return places, np.sqrt(gaps)


def nearest_others(index: Rows, chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The distance of each of the rows with the numbers `chosen` (M,) to its nearest other row: (M,)."""
    places, distances = nearest(index[chosen], index, 2)
    itself = places[:, 0] == chosen  # not when an earlier row is its copy
    return np.where(itself, distances[:, 1], distances[:, 0])


def nearer(distance: float, reference: npt.NDArray[np.floating]) -> Count:
    """How many of the reference distances are smaller than this one."""
    return Count(int((reference < distance).sum()), len(reference))


def _rows(array: Rows) -> npt.NDArray[np.float32]:
    flat = np.asarray(array).reshape(len(array), -1)
    rows: npt.NDArray[np.float32] = flat.astype(np.float32)
    return rows / np.float32(255) if flat.dtype == np.uint8 else rows

"""What every metric asks of its features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def check_features(
    real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating], at_least: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Both as float64, once they are found to be finite (N, D) and (M, D) with enough rows.

    Raises:
        ValueError: with the rule, the shapes and the way out.
    """
    for name, features in (("real", real), ("generated", fake)):
        if features.ndim != 2 or features.shape[1] != real.shape[-1]:
            raise ValueError(
                f"Features must be two tables with one width; got real {real.shape}, generated {fake.shape}."
            )
        if len(features) < at_least:
            raise ValueError(
                f"This metric needs at least {at_least} {name} images; got {len(features)}. Draw or load more."
            )
        if not np.isfinite(features).all():
            raise ValueError(f"The features of the {name} images must be finite numbers.")
    return real.astype(np.float64), fake.astype(np.float64)

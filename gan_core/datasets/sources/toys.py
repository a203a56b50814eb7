"""Points in the plane whose modes are known: ring and grid, after the protocol of PacGAN.

Source: Srivastava et al. 2017, "VEEGAN", and Lin et al. 2018, "PacGAN", section 4.1. Sizes and spreads are PacGAN's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_core.config import DatasetConfig
from gan_core.datasets.base import Dataset, PointSource

NUM_POINTS = 50_000
RING_SPREAD, GRID_SPREAD = 0.01, 0.05
SPLIT_SEEDS = {"train": 0, "test": 1}

Centres = npt.NDArray[np.float64]


def ring_centres(modes: int = 8, radius: float = 1.0) -> Centres:
    """The middles of the ring's modes: (modes, 2), evenly around the circle, none twice."""
    angles = 2 * np.pi * np.arange(modes) / modes
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def grid_centres() -> Centres:
    """The middles of the grid's modes: (25, 2), all pairs of -4, -2, 0, 2, 4."""
    axis = np.arange(-4.0, 5.0, 2.0)
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


@dataclass(frozen=True, eq=False)
class Mixture(PointSource):
    """Equal Gaussians of one spread around their centres (M, 2)."""

    name: str
    centres: Centres
    spread: float

    def load(self, config: DatasetConfig) -> Dataset:
        """Points drawn from a fixed seed for each split; the label is the mode, one-hot (N, M)."""
        count, num_modes = config.num_images or NUM_POINTS, len(self.centres)
        rng = np.random.default_rng([SPLIT_SEEDS[config.split], num_modes])
        modes = rng.integers(num_modes, size=count)
        points = self.centres[modes] + self.spread * rng.standard_normal((count, 2))
        labels = np.eye(num_modes, dtype=np.uint8)[modes]
        names = tuple(f"mode {i}" for i in range(num_modes))
        return Dataset(name=self.name, images=points.astype(np.float32), labels=labels, label_names=names)  # type: ignore[arg-type]


RING8 = Mixture("ring8", ring_centres(), RING_SPREAD)
"""Eight Gaussians of standard deviation 0.01 on the unit circle."""
GRID25 = Mixture("grid25", grid_centres(), GRID_SPREAD)
"""Twenty-five Gaussians of standard deviation 0.05 on a grid with spacing 2."""

"""What the page shows of a game at one moment. Weights and random numbers of the game stay as they are."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from gan_core.evaluation.metrics.modes import Modes, captured, with_intervals
from gan_core.evaluation.statistics.intervals import Count, wilson
from gan_core.lab2d.game import Game
from gan_core.lab2d.protocol import NUM_SHOWN
from gan_core.models.building import sample_latents

NUM_MEASURED = 2_500  # PacGAN's protocol, section 4.1
NUM_ARROWS = 48
NUM_PACKS = 4
SIDE = 40
LATTICE, LATTICE_REACH = 19, 2.4  # standard deviations: 97 % of all latents lie within
MARGIN = 1.4
FARTHEST = 3.0  # views; a point beyond is shown at this distance, outside the view
INT16 = 32_767


class Camera:
    """Evaluates one game at fixed latents and positions.

    Attributes:
        reach: half the width of the view, around 0.
    """

    def __init__(self, game: Game) -> None:
        self.game = game
        real = np.asarray(game.data.images, np.float32)
        self.reach = MARGIN * float(np.abs(real[:20_000]).max())
        rng = np.random.default_rng([game.config.training.seed, 2])
        self.real = real[rng.permutation(len(real))[:NUM_SHOWN]]
        self.z = sample_latents(game.config, NUM_MEASURED)
        self.lattice = _square(LATTICE, LATTICE_REACH)
        self.positions = _square(SIDE, self.reach * (1 - 1 / SIDE))  # middles of the cells
        drawn = torch.from_numpy(self.real[rng.integers(len(self.real), size=NUM_PACKS * 15)])
        self.partners = drawn.view(NUM_PACKS, 15, 2)  # a pack has at most 15 others

    def scene(self) -> dict[str, Any]:
        """What is constant during the game.

        reach; real and centres: points, see `packed`; spread: of a mode; side, lattice: of the two grids; probability:
        whether the landscape is one; measured: number of points behind the numbers.
        """
        mixture = self.game.mixture
        return {
            "reach": self.reach,
            "real": packed(self.real, self.reach),
            "centres": "" if mixture is None else packed(mixture.centres, self.reach),
            "spread": 0.0 if mixture is None else mixture.spread,
            "side": SIDE,
            "lattice": LATTICE,
            "measured": NUM_MEASURED,
        }

    def frame(self, *, intervals: bool = True) -> dict[str, Any]:
        """The current frame.

        points, grid: generated from the shown latents and from the lattice; arrows: the ends of arrows that begin at the
        first points, of length 1 at most; pull: their mean length before that; landscape: uint8 from low to high, rows
        from the top; values: see `values`.

        Raises:
            ValueError: a generated point is not a finite number.
        """
        with _evaluating(self.game.model.networks):
            with torch.no_grad():
                points, grid = self._generated(self.z), self._generated(self.lattice)
                landscape = self.landscape()
            pull = self.pull(points[:NUM_ARROWS])
        if not (torch.isfinite(points).all() and torch.isfinite(landscape).all()):
            raise ValueError(
                f"The networks' numbers are no longer finite after {self.game.step} steps: training has diverged. "
                "Choose a smaller learning rate, and reset."
            )
        lengths = pull.norm(dim=1, keepdim=True)
        usual = lengths.median().clamp_min(1e-12)
        arrows = pull / (lengths + usual)  # half of full length for the usual pull
        levels, low, high = _levels(landscape.numpy(), self.is_probability)
        return {
            "points": packed(points[:NUM_SHOWN].numpy(), self.reach),
            "grid": packed(grid.numpy(), self.reach),
            "arrows": _text((arrows.numpy() * INT16).astype("<i2")),
            "pull": float(lengths.mean()),
            "landscape": _text(levels),
            "low": low,
            "high": high,
            "probability": self.is_probability,
            "outside": float((points.abs().amax(1) > self.reach).float().mean()),
            "values": self.values(points.numpy(), intervals=intervals),
        }

    @property
    def is_probability(self) -> bool:
        """Whether the Sigmoid of D's logit is its probability of "real"."""
        return self.game.model.objective.is_probability

    def values(self, points: npt.NDArray[np.float32], *, intervals: bool) -> dict[str, float]:
        """The game's newest metrics, and where modes are known the measures of the generated points.

        modes, mode_tv, captured, high_quality and reverse_kl, see `gan_core.evaluation.metrics.modes.Modes`; with /low and /high their 95 %
        intervals: of high_quality always (Wilson), of the others with `intervals` (half-samples of the points).
        """
        values = {name: float(value) for name, value in self.game.metrics.items()}
        if mixture := self.game.mixture:
            values |= _of_modes(captured(points, mixture.centres, mixture.spread), intervals=intervals)
        return values

    def landscape(self) -> Tensor:
        """D's logit at each position, (SIDE, SIDE), rows from the top.

        With packing, the mean over a few packs in which the others are fixed real points.
        """
        packing = self.game.config.remedies.packing
        positions = self.positions
        if packing > 1:
            others = self.partners[:, : packing - 1].reshape(NUM_PACKS, 1, -1)
            packs = torch.cat(
                [positions.expand(NUM_PACKS, -1, -1), others.expand(-1, len(positions), -1)], dim=2
            )  # (packs, positions, 2 * packing)
            logits = self._logits(packs.reshape(-1, 2)).view(NUM_PACKS, -1).mean(0)
        else:
            logits = self._logits(positions)
        return logits.view(SIDE, SIDE)

    def pull(self, points: Tensor) -> Tensor:
        """Minus the gradient of G's loss at generated points (N, 2), for each its own: the direction of its next update.

        Where the loss compares pairs, each is paired with a fixed real point.
        """
        packing = self.game.config.remedies.packing
        points = points[: len(points) // packing * packing].detach().clone().requires_grad_(True)
        objective = self.game.model.objective
        partners = torch.from_numpy(self.real[np.arange(len(points)) % len(self.real)])
        real = self._logits(partners).detach() if objective.is_paired else None
        loss = objective.generator(real, self._logits(points))
        (gradient,) = torch.autograd.grad(loss, points)
        return -gradient * len(points)

    def _generated(self, z: Tensor) -> Tensor:
        return self.game.model.sample(z, torch.zeros(len(z), 0))

    def _logits(self, points: Tensor) -> Tensor:
        logits: Tensor = self.game.model.networks["discriminator"](points, torch.zeros(len(points), 0))[0]
        return logits


def packed(points: npt.NDArray[np.floating], reach: float) -> str:
    """Points (N, 2) as base64 of little-endian int16 pairs: INT16 stands for FARTHEST views from the middle."""
    shares = np.clip(np.asarray(points, np.float64) / (FARTHEST * reach), -1, 1)
    return _text(np.round(shares * INT16).astype("<i2"))


def unpacked(text: str, reach: float) -> npt.NDArray[np.float64]:
    """The points (N, 2) in what `packed` made, but for rounding and what lies farther out."""
    numbers = np.frombuffer(base64.b64decode(text), "<i2").reshape(-1, 2)
    return numbers.astype(np.float64) / INT16 * FARTHEST * reach


def _of_modes(found: Modes, *, intervals: bool) -> dict[str, float]:
    low, high = wilson(Count(sum(found.good), found.num_samples)).interval
    values: dict[str, float] = {"modes": found.num_modes}
    for name in ("mode_tv", "captured", "high_quality", "reverse_kl"):
        values[name] = getattr(found, name)
    if intervals:
        for name, estimate in with_intervals(found).items():
            values |= {f"{name}/low": estimate.low, f"{name}/high": estimate.high}
    return values | {"high_quality/low": low, "high_quality/high": high}


def _levels(logits: npt.NDArray[np.float32], is_probability: bool) -> tuple[npt.NDArray[np.uint8], float, float]:
    """A landscape as uint8 with the values of 0 and 255: probabilities from 0 to 1, scores from lowest to highest."""
    if is_probability:
        values, low, high = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -60, 60))), 0.0, 1.0
    else:
        values, low, high = logits.astype(np.float64), float(logits.min()), float(logits.max())
    width = high - low if high > low else 1.0
    return np.round((values - low) / width * 255).astype(np.uint8), low, high


def _square(side: int, reach: float) -> Tensor:
    """The corners of a square grid (side * side, 2) from -reach to reach: rows from the top, each from the left."""
    axis = torch.linspace(-reach, reach, side)
    y, x = torch.meshgrid(axis.flip(0), axis, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1)


def _text(array: npt.NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


@contextmanager
def _evaluating(networks: dict[str, nn.Module]) -> Iterator[None]:
    """The networks in evaluation mode: no power iteration, no update of statistics."""
    training = {name: network.training for name, network in networks.items()}
    for network in networks.values():
        network.eval()
    try:
        yield
    finally:
        for name, network in networks.items():
            network.train(training[name])

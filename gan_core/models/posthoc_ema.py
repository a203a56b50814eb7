"""Running averages of the weights whose length is chosen after training.

Source: Karras et al. 2024, "Analyzing and Improving the Training Dynamics of Diffusion Models" (EDM2), section 3 and appendix C.
An average of power gamma weighs the weights of step tau by tau^gamma, so that its length is a share of the run: sigma, its relative
standard deviation. Two powers are kept while the run trains; checkpoints hold snapshots of both, and a weighted sum of the
snapshots comes near to an average of any other length.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

SIGMAS = (0.05, 0.10)  # those that are kept, as in the paper
SHORTEST, LONGEST = 0.02, 0.25  # that are reconstructed


@functools.cache
def gamma_of(sigma: float) -> float:
    """The power whose average has this relative standard deviation, between 0 and 1 / sqrt(12). Source: appendix C, algorithm 2."""
    t = sigma**-2
    return float(np.roots([1, 7, 16 - t, 12 - t]).real.max())


def begin(network: nn.Module) -> dict[str, nn.Module]:
    """Name -> a copy of the network for each of SIGMAS, to be moved by `update`."""
    return {f"sigma_{sigma:g}".replace(".", "_"): copy.deepcopy(network).requires_grad_(False) for sigma in SIGMAS}


def update(profiles: dict[str, nn.Module], network: nn.Module, step: int) -> None:
    """Moves the averages towards the weights after step number `step`, from 1. Source: equation 3 of section 3.1."""
    for sigma, average in zip(SIGMAS, profiles.values(), strict=False):
        kept = (1 - 1 / step) ** (gamma_of(sigma) + 1)
        torch._foreach_lerp_([*average.parameters()], [*network.parameters()], 1 - kept)


def weights_of(snapshots: Sequence[tuple[float, float]], step: float, sigma: float) -> npt.NDArray[np.float64]:
    """The weight (K,) of each snapshot in the sum that comes nearest to an average of length `sigma` at a step.

    Least squares between the profiles, that is how much of each step an average holds. Source: appendix C, algorithm 3; here the
    weights also sum to 1, so that what stood still in training is given back as it is.

    Args:
        snapshots: (step, sigma) of each, in any order.
        step: at which the average ends; those of later snapshots are of no use.
        sigma: its relative standard deviation.

    Raises:
        ValueError: there are no snapshots, or a length beyond SHORTEST and LONGEST.
    """
    if not snapshots:
        raise ValueError("No snapshots were kept of this run. Train it with diffusion.posthoc_ema.")
    if not SHORTEST <= sigma <= LONGEST:
        raise ValueError(f"An average lasts between {SHORTEST:g} and {LONGEST:g} of the run; got {sigma:g}.")
    times = np.array([at for at, _ in snapshots])
    powers = np.array([gamma_of(each) for _, each in snapshots])
    gram = _inner(times[:, None], powers[:, None], times, powers)
    wanted = _inner(times, powers, np.array(step), np.array(gamma_of(sigma)))
    ones = np.ones((len(gram), 1))
    bound = np.block([[gram, ones], [ones.T, np.zeros((1, 1))]])  # Lagrange's multiplier is the last unknown
    found: npt.NDArray[np.float64] = np.linalg.lstsq(bound, np.append(wanted, 1.0), rcond=1e-10)[0][:-1]
    return found


def _inner(t_a: np.ndarray, gamma_a: np.ndarray, t_b: np.ndarray, gamma_b: np.ndarray) -> np.ndarray:
    """The integral of the product of two profiles (gamma + 1) tau^gamma / t^(gamma + 1), each over 0 to its t."""
    exponent = np.where(t_a < t_b, gamma_b, -gamma_a)
    scale = (gamma_a + 1) * (gamma_b + 1) / ((gamma_a + gamma_b + 1) * np.maximum(t_a, t_b))
    return np.asarray(scale * (t_a / t_b) ** exponent)

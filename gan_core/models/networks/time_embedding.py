"""How a network of a diffusion model is told how noisy its input is, and what it is to draw."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

NUM_FREQUENCIES = 32
SCALE = 1000.0  # shares of the process are embedded as the steps of Ho et al. are, 0 to 1,000
LONGEST = 10_000.0


class TimeEmbedding(nn.Module):
    """Maps shares of the noising process (N,) and conditions (N, num_conditions) to vectors (N, size).

    Source: Ho et al. 2020, appendix B, for the time; Dhariwal and Nichol 2021, section 3.1, for a condition added to it.
    """

    def __init__(self, num_conditions: int, size: int) -> None:
        super().__init__()
        self.time = nn.Sequential(nn.Linear(2 * NUM_FREQUENCIES, size), nn.SiLU(), nn.Linear(size, size))
        self.condition = nn.Linear(num_conditions, size, bias=False) if num_conditions else None

    def forward(self, shares: Tensor, condition: Tensor) -> Tensor:
        embedded: Tensor = self.time(sinusoids(SCALE * shares))
        return embedded if self.condition is None else embedded + self.condition(condition)


def sinusoids(positions: Tensor) -> Tensor:
    """Sines and cosines (N, 2 * NUM_FREQUENCIES) of positions (N,), with wavelengths in a geometric series from 2 pi to
    2 pi * LONGEST.

    Source: Vaswani et al. 2017, "Attention Is All You Need", section 3.5.
    """
    exponents = torch.linspace(0, 1, NUM_FREQUENCIES, device=positions.device)
    angles = positions[:, None] * torch.exp(-math.log(LONGEST) * exponents)
    return torch.cat([angles.sin(), angles.cos()], dim=1)

"""Plain layers with the time, for diffusion of points in the plane."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from gan_core.models.networks.time_embedding import TimeEmbedding

NUM_LAYERS = 3


class Denoiser(nn.Module):
    """Maps noisy points (N, D), shares of the process (N,) and conditions (N, num_conditions) to a prediction (N, D).

    Args as those of `gan_core.models.networks.unet.Denoiser`; a point has no places, so `attention` has no effect.
    """

    def __init__(self, image_shape: tuple[int, ...], width: int, num_conditions: int, attention: bool) -> None:
        super().__init__()
        (size,) = image_shape
        self.embed = TimeEmbedding(num_conditions, width)
        self.first = nn.Linear(size, width)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(NUM_LAYERS))
        self.last = nn.Linear(width, size)

    def forward(self, points: Tensor, shares: Tensor, condition: Tensor) -> Tensor:
        embedded = self.embed(shares, condition)
        hidden = self.first(points)
        for layer in self.layers:
            hidden = hidden + layer(F.silu(hidden + embedded))
        prediction: Tensor = self.last(F.silu(hidden))
        return prediction

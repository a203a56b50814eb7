"""Walks and directions in the latent space, against closed forms."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from gan_core.latents.directions import principal_directions, raw_coordinates, truncate
from gan_core.latents.interpolation import neighbours, slerp


def latent(seed: int, size: int = 16) -> torch.Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 1000), st.integers(2, 12))
def test_a_great_circle_ends_where_it_should(seed, count):
    start, end = latent(seed), latent(seed + 1)
    path = slerp(start, end, count)
    assert path.shape == (count, 16)
    torch.testing.assert_close(path[[0, -1]], torch.stack([start, end]))


def test_a_great_circle_between_unit_vectors_is_walked_at_even_speed():
    path = slerp(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), 4)
    angles = torch.linspace(0, torch.pi / 2, 4)
    torch.testing.assert_close(path, torch.stack([angles.cos(), angles.sin()], dim=1))


def test_latents_of_one_length_keep_it_on_the_way():
    start, end = latent(0) / latent(0).norm(), latent(1) / latent(1).norm()
    torch.testing.assert_close(slerp(3 * start, 3 * end, 9).norm(dim=1), torch.full((9,), 3.0))


@pytest.mark.parametrize("factor", [1.0, 2.0, -1.0, -0.5])
def test_parallel_latents_are_joined_by_a_line_and_stay_finite(factor):
    path = slerp(latent(0), factor * latent(0), 5)
    assert torch.isfinite(path).all()
    torch.testing.assert_close(path[[0, -1]], torch.stack([latent(0), factor * latent(0)]))


def test_a_walk_needs_two_points():
    with pytest.raises(ValueError, match="at least 2 points; got 1"):
        slerp(latent(0), latent(1), 1)


def test_neighbours_surround_their_latent_along_two_directions():
    z, right, down = latent(0), raw_coordinates(16, 2)[0], raw_coordinates(16, 2)[1]
    square = neighbours(z, right, down, size=3, reach=2.0).reshape(3, 3, 16) - z
    torch.testing.assert_close(square[..., 0], torch.tensor([[-2.0, 0.0, 2.0]] * 3), atol=1e-6, rtol=0)
    torch.testing.assert_close(square[..., 1], torch.tensor([[-2.0] * 3, [0.0] * 3, [2.0] * 3]), atol=1e-6, rtol=0)
    assert square[..., 2:].abs().max() == 0


class Linear(nn.Module):
    """A generator whose first layer is known: a linear map that stretches axis k by `scales[k]`."""

    def __init__(self, scales: list[float]) -> None:
        super().__init__()
        turn = torch.linalg.qr(torch.randn(40, len(scales), generator=torch.Generator().manual_seed(3)))[0]
        self.matrix = turn * torch.tensor(scales)

    def first_response(self, z: torch.Tensor) -> torch.Tensor:
        return z @ self.matrix.T


def test_principal_directions_are_the_axes_that_a_linear_layer_stretches_most():
    """For x = U S z the principal components are U's columns; carried back they are the axes, largest first."""
    found = principal_directions(Linear([1.0, 9.0, 3.0, 0.1]), latent_dim=4, count=3)
    expected = torch.eye(4)[[1, 2, 0]]
    torch.testing.assert_close(found.abs(), expected, atol=0.1, rtol=0)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(3))


def test_principal_directions_are_the_same_every_time():
    network = Linear([3.0, 2.0, 1.0])
    assert torch.equal(principal_directions(network, 3, 2), principal_directions(network, 3, 2))


def test_directions_that_cannot_be_found_are_refused():
    with pytest.raises(ValueError, match="Between 1 and 3 directions can be found; got 4"):
        principal_directions(Linear([1.0, 1, 1]), 3, 4)
    with pytest.raises(ValueError, match="ReLU has no first layer"):
        principal_directions(nn.ReLU(), 3, 1)


def test_truncation_scales_towards_the_centre():
    torch.testing.assert_close(truncate(latent(0)[None], 0.5), latent(0)[None] / 2)
    assert truncate(latent(0)[None], 0.0).abs().max() == 0

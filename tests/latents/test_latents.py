"""Walks and directions in the latent space, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_core.latents.directions import METHODS, find_directions, moved, principal_directions, raw_coordinates, truncate
from gan_core.latents.interpolation import neighbours, slerp


def latent(seed: int, size: int = 16) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(size).astype(np.float32)


def close(found: np.ndarray, expected: np.ndarray, atol: float = 1e-5, rtol: float = 1.3e-6) -> None:
    """As torch.testing.assert_close of float32, shapes included."""
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, atol=atol, rtol=rtol)


@given(st.integers(0, 1000), st.integers(2, 12))
def test_a_great_circle_ends_where_it_should(seed, count):
    start, end = latent(seed), latent(seed + 1)
    path = slerp(start, end, count)
    assert path.shape == (count, 16)
    close(path[[0, -1]], np.stack([start, end]))


def test_a_great_circle_between_unit_vectors_is_walked_at_even_speed():
    path = slerp(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 4)
    angles = np.linspace(0, np.pi / 2, 4)
    close(path, np.stack([np.cos(angles), np.sin(angles)], axis=1))


def test_latents_of_one_length_keep_it_on_the_way():
    start, end = (latent(seed) / np.linalg.norm(latent(seed)) for seed in (0, 1))
    close(np.linalg.norm(slerp(3 * start, 3 * end, 9), axis=1), np.full(9, 3.0))


@pytest.mark.parametrize("factor", [1.0, 2.0, -1.0, -0.5])
def test_parallel_latents_are_joined_by_a_line_and_stay_finite(factor):
    path = slerp(latent(0), factor * latent(0), 5)
    assert np.isfinite(path).all()
    close(path[[0, -1]], np.stack([latent(0), factor * latent(0)]))


def test_a_walk_needs_two_points():
    with pytest.raises(ValueError, match="at least 2 points; got 1"):
        slerp(latent(0), latent(1), 1)


def test_neighbours_surround_their_latent_along_two_directions():
    z = latent(0)
    square = neighbours(z, raw_coordinates(16, 3), size=3, reach=2.0).reshape(3, 3, 16) - z
    close(square[..., 0], np.array([[-2.0, 0.0, 2.0]] * 3), atol=1e-6, rtol=0)
    close(square[..., 1], np.array([[-2.0] * 3, [0.0] * 3, [2.0] * 3]), atol=1e-6, rtol=0)
    assert np.abs(square[..., 2:]).max() == 0


def test_neighbours_along_the_only_direction_are_a_row():
    z = latent(0)
    close(
        neighbours(z, raw_coordinates(16, 1), size=3, reach=2.0) - z,
        np.outer([-2.0, 0.0, 2.0], np.eye(16)[0]),
        atol=1e-6,
    )


class Linear:
    """A generator whose first layer is known: a linear map that stretches axis k by `scales[k]`."""

    def __init__(self, scales: list[float]) -> None:
        turn = np.linalg.qr(np.random.default_rng(3).standard_normal((40, len(scales))))[0]
        self.matrix = (turn * np.array(scales)).astype(np.float32)
        self.latent_dim = len(scales)

    def first_response(self, z: np.ndarray) -> np.ndarray:
        return z @ self.matrix.T

    def first_weight(self) -> np.ndarray:
        return self.matrix


def test_principal_directions_are_the_axes_that_a_linear_layer_stretches_most():
    """For x = U S z the principal components are U's columns; carried back they are the axes, largest first."""
    found = principal_directions(Linear([1.0, 9.0, 3.0, 0.1]), latent_dim=4, count=3)
    close(np.abs(found), np.eye(4)[[1, 2, 0]], atol=0.1, rtol=0)
    close(np.linalg.norm(found, axis=1), np.ones(3))


def test_principal_directions_are_the_same_every_time():
    network = Linear([3.0, 2.0, 1.0])
    np.testing.assert_array_equal(principal_directions(network, 3, 2), principal_directions(network, 3, 2))


@pytest.mark.parametrize("method", METHODS)
def test_each_method_finds_as_many_directions_as_there_are_numbers_and_sefa_says_how_strong_they_are(method):
    vectors, shares = find_directions(Linear([1.0, 4.0, 2.0]), method, 8)
    close(np.linalg.norm(vectors, axis=1), np.ones(3))
    assert shares == (pytest.approx([1.0, 0.25, 0.0625], rel=1e-4) if method == "sefa" else [])
    with pytest.raises(ValueError, match=r"Unknown method 'ica'\. Choose one of: pca, sefa, raw"):
        find_directions(Linear([1.0]), "ica", 1)


def test_a_step_along_directions_adds_each_as_often_as_its_slider_says():
    close(moved(latent(0), np.array([latent(1), latent(2)]), [2.0, -0.5]), latent(0) + 2 * latent(1) - latent(2) / 2)


def test_directions_that_cannot_be_found_are_refused():
    with pytest.raises(ValueError, match="Between 1 and 3 directions can be found; got 4"):
        principal_directions(Linear([1.0, 1, 1]), 3, 4)
    with pytest.raises(ValueError, match="object has no first layer"):
        principal_directions(object(), 3, 1)


def test_truncation_scales_towards_the_centre():
    close(truncate(latent(0)[None], 0.5), latent(0)[None] / 2)
    assert np.abs(truncate(latent(0)[None], 0.0)).max() == 0

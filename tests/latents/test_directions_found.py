"""Directions, arithmetic, inversion and neighbours against answers that are known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import tiny
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from gan_core.latents.arithmetic import analogy, at_usual_length, average, equation
from gan_core.latents.attribute_directions import (
    FEWEST,
    find_direction,
    mean_difference,
    separating_normal,
    without_others,
)
from gan_core.latents.interpolation import slerp
from gan_core.latents.inversion import Search, invert
from gan_core.latents.nearest import BLOCK, nearer, nearest, nearest_others
from gan_core.latents.posterior import active_units, kl_per_dimension, prior_distance, prior_distance_interval
from gan_core.latents.sefa import closed_form_directions
from gan_core.models.building import build_networks


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Tensors this small only wait for a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return normal(*shape, seed=seed).numpy()


def close(found: np.ndarray, expected: np.ndarray, atol: float = 1e-5, rtol: float = 1.3e-6) -> None:
    """As torch.testing.assert_close of float32, shapes included."""
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, atol=atol, rtol=rtol)


# SeFa


def test_sefa_finds_the_axes_that_a_linear_layer_stretches_most_and_by_how_much() -> None:
    turn = np.linalg.qr(drawn(40, 4))[0]
    found, stretches = closed_form_directions(turn * np.array([1.0, 9.0, 3.0, 0.1], np.float32), 3)
    close(found, np.eye(4)[[1, 2, 0]], atol=1e-5, rtol=0)
    close(stretches, np.array([81.0, 9.0, 1.0]))


@given(st.integers(0, 100))
def test_no_other_unit_vector_is_stretched_more_than_sefas_first(seed: int) -> None:
    weight = drawn(12, 5, seed=seed)
    found, stretches = closed_form_directions(weight, 5)
    close(found @ found.T, np.eye(5), atol=1e-5, rtol=0)
    close(np.square(weight @ found.T).sum(0), stretches, atol=1e-3, rtol=1e-4)
    others = drawn(50, 5, seed=seed + 1)
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    assert (np.square(weight @ others.T).sum(0) <= stretches[0] * (1 + 1e-5)).all()


@pytest.mark.parametrize("network", ["dcgan4", "dcgan5", "resnet", "mlp", "vae"])
def test_each_network_says_the_linear_map_that_its_first_layer_is(network: str) -> None:
    """What two inputs give differs by the matrix times their difference, before any bias, norm or activation."""
    changes = {"dataset__name": "ring8"} if network == "mlp" else {}
    config = tiny(network__name=network, **({"training__ema_decay": 0.0} if network == "vae" else {}), **changes)
    made = build_networks(config)["decoder" if network == "vae" else "generator"].eval()
    seen: list[torch.Tensor] = []
    linear = next(m for m in made.modules() if isinstance(m, nn.Linear | nn.ConvTranspose2d))
    linear.register_forward_hook(lambda _module, _inputs, output: seen.append(output.detach().flatten(1).clone()))
    z, other = normal(2, config.network.latent_dim), normal(2, config.network.latent_dim, seed=1)
    with torch.no_grad():
        made(z), made(other)
    weight = made.first_weight().detach()
    assert weight.shape[1] == config.network.latent_dim
    torch.testing.assert_close(seen[1] - seen[0], (other - z) @ weight.T, atol=1e-5, rtol=1e-4)


def test_sefa_refuses_what_it_cannot_answer() -> None:
    with pytest.raises(ValueError, match="Between 1 and 3 directions can be found; got 4"):
        closed_form_directions(np.eye(3), 4)
    with pytest.raises(ValueError, match="finite matrix"):
        closed_form_directions(np.full((3, 3), np.nan), 1)


# attributes


def planted(count: int = 2000, noise: float = 0.2, rare: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Latents whose fourth number decides an attribute, nearly."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((count, 10)).astype(np.float32)
    return z, z[:, 3] + noise * rng.standard_normal(count) > rare


@pytest.mark.parametrize("find", [mean_difference, separating_normal])
@pytest.mark.parametrize("rare", [0.0, 1.2])
def test_a_planted_direction_is_recovered_and_says_how_sure_it_is(find, rare: float) -> None:
    z, has = planted(rare=rare)
    found = find_direction("glasses", z, has, find)
    unit = found.vector / np.linalg.norm(found.vector)
    assert unit[3] > 0.95
    assert found.beats_chance
    assert found.right.ratio > 0.85
    assert (found.with_it, found.without) == (has.sum(), (~has).sum())
    assert found.right.requested == 2 * int(0.25 * min(found.with_it, found.without))  # half of them with, half without


def test_a_label_that_has_nothing_to_do_with_the_latents_does_not_beat_chance() -> None:
    z, _has = planted()
    coin = np.random.default_rng(1).random(len(z)) < 0.3
    assert not find_direction("coin", z, coin, separating_normal).beats_chance


def test_the_mean_difference_carries_one_mean_to_the_other() -> None:
    z, has = planted()
    np.testing.assert_allclose(z[~has].mean(0) + mean_difference(z, has), z[has].mean(0), atol=1e-5)


@pytest.mark.parametrize(("positive", "which"), [(3, "have"), (1997, "do not have")])
def test_too_few_of_one_kind_is_a_sentence(positive: int, which: str) -> None:
    z, _has = planted()
    with pytest.raises(ValueError, match=f"Only 3 of 2,000 images {which} “hat”; a direction needs {FEWEST} of each"):
        find_direction("hat", z, np.arange(2000) < positive, mean_difference)


def test_latents_that_are_all_alike_have_no_direction() -> None:
    with pytest.raises(ValueError, match="alike"):
        find_direction("hat", np.ones((100, 4), np.float32), np.arange(100) < 50, mean_difference)


def test_a_direction_held_apart_from_others_leaves_them_where_they_are() -> None:
    others = normal(3, 8).numpy()
    others[2] = 2 * others[0]  # one more that says nothing new
    left = without_others(normal(8, seed=5).numpy(), others)
    np.testing.assert_allclose(others @ left, 0, atol=1e-5)
    np.testing.assert_array_equal(without_others(others[0], others[:0]), others[0])


# arithmetic


def test_an_analogy_is_the_sum_of_its_averages() -> None:
    a, b, c = drawn(3, 6), drawn(2, 6, seed=1), drawn(1, 6, seed=2)
    close(analogy(a, b, c), a.mean(0) - b.mean(0) + c[0])
    close(analogy(a, a, c), c[0])
    close(average(a), a.sum(0) / 3)
    close(equation(a, b, c), np.stack([a.mean(0), b.mean(0), c[0], a.mean(0) - b.mean(0) + c[0]]))


def test_a_result_of_usual_length_keeps_its_direction() -> None:
    z = analogy(drawn(1, 64), drawn(1, 64, seed=1), drawn(1, 64, seed=2))
    usual = at_usual_length(z)
    assert np.linalg.norm(usual) == pytest.approx(8.0)
    close(usual / np.linalg.norm(usual), z / np.linalg.norm(z))
    assert not at_usual_length(np.zeros(4, np.float32)).any()
    with pytest.raises(ValueError, match="at least one latent"):
        analogy(drawn(0, 4), drawn(1, 4), drawn(1, 4))


def test_in_betweens_begin_and_end_where_they_should() -> None:
    way = slerp(drawn(6), drawn(6, seed=1), 5)
    close(way[[0, -1]], np.stack([drawn(6), drawn(6, seed=1)]))


# inversion


class Drawn:
    """A generator that is known: tanh of a linear map, one to one."""

    def __init__(self, latent_dim: int) -> None:
        self.matrix = normal(3 * 6 * 6, latent_dim, seed=7) / 6

    def __call__(self, z: torch.Tensor) -> torch.Tensor:
        return torch.tanh(z @ self.matrix.T).unflatten(1, (3, 6, 6))


def test_inversion_finds_the_latent_of_a_generated_image() -> None:
    draw, z = Drawn(6), normal(1, 6)
    told: list[tuple[int, int, float]] = []
    found = invert(
        draw, draw(z)[0], 6, Search(steps=150, starts=3, candidates=40), progress=lambda *now: told.append(now)
    )
    torch.testing.assert_close(found.z, z[0], atol=0.02, rtol=0)
    assert found.error < 1e-5 < found.first_error
    assert [done for done, _total, _loss in told] == list(range(1, 151))
    assert list(found.losses) == sorted(found.losses)


def test_features_take_part_in_the_loss() -> None:
    """With pixels alone two latents draw one image; the feature tells them apart."""
    draw, z = Drawn(6), normal(1, 6)

    def both_ways(points: torch.Tensor) -> torch.Tensor:
        return draw(points).abs()

    def sign(images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1).square()

    found = invert(both_ways, both_ways(z)[0], 6, Search(steps=150, starts=4, candidates=40), sign)
    assert found.feature_distance < 1e-3
    assert min(float((found.z - z[0]).abs().max()), float((found.z + z[0]).abs().max())) < 0.1


def test_the_same_search_gives_the_same_latent_and_leaves_other_randomness_alone() -> None:
    draw, search = Drawn(6), Search(steps=5, starts=2, candidates=8)
    before = torch.get_rng_state()
    first, second = (invert(draw, draw(normal(1, 6))[0], 6, search) for _ in range(2))
    assert torch.equal(first.z, second.z)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("search", [Search(steps=0), Search(starts=0), Search(starts=9, candidates=8)])
def test_a_search_that_cannot_be_made_is_refused(search: Search) -> None:
    with pytest.raises(ValueError, match="at least one step and one start"):
        invert(Drawn(4), torch.zeros(3, 6, 6), 4, search)


# neighbours


def test_the_nearest_rows_are_those_of_a_full_comparison() -> None:
    rng = np.random.default_rng(0)
    index, queries = (
        rng.standard_normal((2 * BLOCK + 50, 7)).astype(np.float32),
        rng.standard_normal((5, 7)).astype(np.float32),
    )
    places, distances = nearest(queries, index, 4)
    full = np.sqrt(((queries[:, None].astype(np.float64) - index[None]) ** 2).mean(2))
    np.testing.assert_array_equal(places, full.argsort(1)[:, :4])
    np.testing.assert_allclose(distances, np.sort(full, 1)[:, :4], rtol=1e-5)


def test_a_copy_is_found_at_distance_zero_and_pictures_are_read_as_zero_to_one() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (30, 3, 4, 4), dtype=np.uint8)
    places, distances = nearest(pictures[7:8], pictures, 2)
    assert (places[0, 0], distances[0, 0]) == (7, 0)
    black, white = np.zeros((1, 1, 4, 4), np.uint8), np.full((1, 1, 4, 4), 255, np.uint8)
    assert nearest(black, white, 1)[1][0, 0] == 1.0
    with pytest.raises(ValueError, match="equal size"):
        nearest(black, pictures, 1)


def test_a_row_is_not_its_own_neighbour_unless_it_is_there_twice() -> None:
    rows = np.array([[0.0], [3.0], [4.0], [0.0]], np.float32)
    np.testing.assert_allclose(nearest_others(rows, np.arange(4)), [0, 1, 1, 0])
    np.testing.assert_allclose(nearest_others(rows, np.array([3, 1])), [0, 1])


def test_where_a_distance_stands() -> None:
    assert nearer(2.5, np.array([1.0, 2.0, 3.0, 4.0])).ratio == 0.5


# a VAE's clouds


def test_kl_of_each_dimension_is_the_closed_form() -> None:
    means = np.array([[0.0, 2.0, 0.0]] * 4)
    log_variances = np.array([[0.0, 0.0, np.log(0.25)]] * 4)
    expected = [0.0, 2.0, 0.5 * (0.25 - 1 - np.log(0.25))]
    np.testing.assert_allclose(kl_per_dimension(means, log_variances), expected)


def test_only_dimensions_that_vary_are_active() -> None:
    means = np.random.default_rng(0).standard_normal((500, 3)) * [1.0, 0.05, 0.2]
    assert active_units(means) == 2


def test_clouds_that_fill_the_prior_have_no_distance_to_it() -> None:
    rng, count = np.random.default_rng(0), 4000
    means = rng.standard_normal((count, 3)) * np.sqrt(0.75)
    log_variances = np.full((count, 3), np.log(0.25))
    assert prior_distance(means, log_variances) < 1e-3
    shrunk = prior_distance(np.zeros((count, 3)), log_variances)
    assert shrunk == pytest.approx(0.25)  # (1/2 - 1)^2 in each dimension
    assert prior_distance(means + 2, log_variances) == pytest.approx(4.0, rel=0.1)
    found = prior_distance_interval(means[:300], log_variances[:300])
    assert found.low <= found.value <= found.high
    assert found.count == 300

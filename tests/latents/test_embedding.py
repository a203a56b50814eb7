"""Maps of latents: PCA against closed forms, t-SNE by what it must keep, and how both refuse."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from gan_core.latents import embedding
from gan_core.latents.embedding import method_name, pca, tsne


def clusters(count: int, groups: int = 3, dim: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points around far corners, and which corner each belongs to."""
    rng = np.random.default_rng(seed)
    members = np.arange(count) % groups
    return (rng.normal(size=(count, dim)) + 30 * np.eye(groups, dim)[members]).astype(np.float32), members


def neighbours_of_own_group(points: np.ndarray, members: np.ndarray) -> float:
    """Share of points whose nearest neighbour is of their own group."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((members[distances.argmin(axis=1)] == members).mean())


def test_pca_of_points_in_a_plane_keeps_every_distance():
    rng = np.random.default_rng(1)
    flat = rng.normal(size=(40, 2)) * [5, 2]
    turn = np.linalg.qr(rng.normal(size=(10, 10)))[0][:2]
    points, share = pca((flat @ turn + 7).astype(np.float32))
    assert share == pytest.approx(1.0, abs=1e-5)
    between = lambda x: np.linalg.norm(x[:, None] - x[None], axis=2)  # noqa: E731
    np.testing.assert_allclose(between(points), between(flat), atol=1e-3)
    assert points[:, 0].var() > points[:, 1].var()


def test_pca_says_which_share_of_the_variance_it_keeps():
    """Variances 4, 3, 2, 1 along the axes: two of four directions keep (4 + 3) / 10."""
    corners = np.concatenate([np.eye(4), -np.eye(4)]) * np.sqrt([4, 3, 2, 1])
    assert pca(corners.astype(np.float32))[1] == pytest.approx(0.7)


def test_pca_of_one_number_a_latent_lies_on_a_line():
    points, share = pca(np.arange(5, dtype=np.float32)[:, None])
    assert share == 1.0
    assert points[:, 1].tolist() == [0] * 5


@pytest.mark.parametrize("largest_exact", [3000, 10], ids=["scikit-learn", "openTSNE"])
def test_tsne_keeps_neighbours_reports_and_repeats_itself(monkeypatch, largest_exact):
    monkeypatch.setattr(embedding, "LARGEST_EXACT", largest_exact)
    latents, members = clusters(60)
    reports = []
    points, kl = tsne(latents, 10, 0, lambda *report: reports.append(report))
    assert points.shape == (60, 2)
    assert np.isfinite(points).all()
    assert neighbours_of_own_group(points, members) == 1.0
    done, totals, kls = zip(*reports, strict=True)
    assert list(done) == sorted(set(done))
    assert set(totals) == {embedding.ITERATIONS[method_name(60)]}
    assert done[-1] <= totals[0]
    assert [value is None for value in kls] == [count <= embedding.EARLY for count in done]
    assert kl > 0
    assert kls[-1] == pytest.approx(kl, rel=0.05)
    again, _ = tsne(latents, 10, 0)
    np.testing.assert_array_equal(points, again)


def test_the_library_depends_on_the_number_of_points():
    assert [method_name(count) for count in (500, 3000, 3001)] == ["scikit-learn", "scikit-learn", "openTSNE"]


@pytest.mark.parametrize("largest_exact", [3000, 10], ids=["scikit-learn", "openTSNE"])
def test_what_a_report_raises_ends_the_work(monkeypatch, largest_exact):
    monkeypatch.setattr(embedding, "LARGEST_EXACT", largest_exact)

    class Enough(Exception):
        pass

    reports = []

    def stop(done, total, kl):
        reports.append(done)
        raise Enough

    before = sys.stdout
    with pytest.raises(Enough):
        tsne(clusters(60)[0], 10, 0, stop)
    assert reports == [embedding.EVERY]
    assert sys.stdout is before


@pytest.mark.parametrize("perplexity", [0.5, 20, float("nan")])
def test_a_perplexity_that_the_points_cannot_bear_is_refused(perplexity):
    with pytest.raises(ValueError, match=f"got 60 points and perplexity {perplexity:g}"):
        tsne(clusters(60)[0], perplexity, 0)


def test_a_collapsed_encoder_is_a_sentence():
    with pytest.raises(ValueError, match="posterior collapse"):
        tsne(np.full((60, 4), 0.25, np.float32), 10, 0)
    with pytest.raises(ValueError, match="posterior collapse"):
        pca(np.zeros((60, 4), np.float32))


@pytest.mark.parametrize("latents", [np.zeros((1, 4), np.float32), np.full((60, 4), np.nan, np.float32)])
def test_nothing_to_map_is_a_sentence(latents):
    with pytest.raises(ValueError, match="at least two latents"):
        pca(latents)


def test_latents_of_one_number_are_laid_out_along_a_line():
    latents = np.random.default_rng(0).normal(size=(60, 1)).astype(np.float32)
    points, kl = tsne(latents, 5, 0)
    assert points.shape == (60, 2) and np.isfinite(points).all() and np.isfinite(kl)
    assert points[:, 1].std() < 1e-3 * points[:, 0].std()

"""Numbered samples, the plane of a VAE, and films of walks: each against what the model draws itself."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_run
from PIL import Image

from gan_core.datasets import conditions
from gan_core.exchange.formats import export
from gan_core.latents.interpolation import plane
from gan_core.models.building import build
from gan_core.runs import Run, checkpoints
from gan_core.runs.autoencoder import open_autoencoder
from gan_core.runs.sampler import Uint8Array, latents, open_sampler


def begun(run: Run) -> Run:
    """The run with a checkpoint at step 0."""
    checkpoints.save(run, 0, build(run.config(), "cpu"), {"seconds": 0.0}, keep=2)
    return run


@pytest.fixture
def vae(runs_dir: Path) -> Run:
    return begun(tiny_run(runs_dir, "vae", network__name="vae", training__ema_decay=0.0))


@pytest.fixture
def gan(runs_dir: Path) -> Run:
    return begun(tiny_run(runs_dir, "gan"))


def pictures(path: Path) -> dict[str, Uint8Array]:
    with zipfile.ZipFile(path) as archive:
        return {name: np.asarray(Image.open(io.BytesIO(archive.read(name)))) for name in archive.namelist()}


def test_samples_are_numbered_in_the_order_of_their_latents(command, gan: Run, tmp_path: Path) -> None:
    status, _out, err = command(
        "export", "gan", "--as", "samples", "--out", tmp_path / "s.zip", "--count", 12, "--seed", 7
    )
    assert (status, err) == (0, "")
    found = pictures(tmp_path / "s.zip")
    assert list(found) == [f"images/test/{number}.png" for number in range(12)]
    for image, wanted in zip(found.values(), open_sampler(gan).draw(12, 7), strict=True):
        assert np.array_equal(image, wanted[0])


def test_a_model_of_objects_draws_the_conditions_of_both_lists_in_their_order(runs_dir: Path, tmp_path: Path) -> None:
    run = begun(tiny_run(runs_dir, dataset__name="blocks", dataset__channels=3, conditioning__name="concat"))
    export(run, "samples", tmp_path / "s.zip")
    found, labels = pictures(tmp_path / "s.zip"), run.config().conditioning.labels
    assert list(found) == [f"images/{which}/{number}.png" for which in ("test", "new_test") for number in range(32)]
    rows = conditions.rows_of(conditions.listed_conditions(run.config(), "new_test"), labels)
    wanted = open_sampler(run).draw(32, 0, rows)
    assert np.array_equal(found["images/new_test/31.png"].transpose(2, 0, 1), wanted[31])


def test_a_plane_goes_through_the_quantiles_of_the_prior_and_holds_all_other_axes_at_0() -> None:
    z = plane(4, (3, 1), 3).reshape(3, 3, 4)
    sixth = 0.9674215661017010  # the normal distribution's 5/6 quantile
    np.testing.assert_allclose(z[0, :, 3], [-sixth, 0, sixth], atol=1e-6)
    np.testing.assert_allclose(z[:, 0, 1], [-sixth, 0, sixth], atol=1e-6)
    assert not z[..., [0, 2]].any()
    for axes in ((0, 0), (0, 4), (-1, 0), (0,)):
        with pytest.raises(ValueError, match="two different axes of the latent, 0 to 3; got"):
            plane(4, axes, 3)


def test_the_plane_of_a_vae_is_its_decoders(command, vae: Run, tmp_path: Path) -> None:
    out = tmp_path / "plane.png"
    assert command("export", "vae", "--as", "plane", "--out", out, "--axes", "2,5", "--count", 3)[0] == 0
    sheet = np.asarray(Image.open(out).convert("L"))
    wanted = open_autoencoder(vae).decode(plane(8, (2, 5), 3)).reshape(3, 3, 8, 8)
    assert np.array_equal(sheet, wanted.transpose(0, 2, 1, 3).reshape(24, 24))


def test_a_walk_begins_and_ends_at_its_stops(gan: Run, tmp_path: Path) -> None:
    words = export(gan, "walk", tmp_path / "walk.gif", seeds=[4, 9], fps=20)
    assert "25 pictures between 2 latents" in words
    with Image.open(tmp_path / "walk.gif") as film:
        ends = []
        for frame in (0, film.n_frames - 1):  # equal frames are stored once
            film.seek(frame)
            ends.append(np.asarray(film.convert("L"), np.float32))
    sampler = open_sampler(gan)
    for seed, shown in zip((4, 9), ends, strict=True):
        image = sampler.images(latents(1, 8, seed))[0, 0]
        factor = len(shown) // 8
        assert np.abs(shown[::factor, ::factor] - image).mean() < 4  # a GIF has a palette


def test_a_vae_walks_between_pictures(vae: Run, tmp_path: Path) -> None:
    files = []
    for number, shade in enumerate((20, 200)):
        files.append(tmp_path / f"{number}.png")
        Image.new("RGB", (30, 20), (shade, 0, shade)).save(files[-1])
    words = export(vae, "walk", tmp_path / "walk.mp4", pictures=files)
    assert "25 pictures between 2 latents" in words
    assert b"ftyp" in (tmp_path / "walk.mp4").read_bytes()[:16]


def test_what_a_run_cannot_give_is_a_sentence(command, gan: Run, vae: Run, runs_dir: Path, tmp_path: Path) -> None:
    points = begun(tiny_run(runs_dir, "points", dataset__name="ring8", network__name="mlp"))
    (tmp_path / "text.png").write_text("no picture")
    for run, form, name, options, rule in [
        (gan, "plane", "p.png", {}, "is not a VAE"),
        (gan, "walk", "w.gif", {"pictures": [tmp_path / "text.png"] * 2}, "is not a VAE"),
        (vae, "walk", "w.gif", {"pictures": [tmp_path / "text.png"] * 2}, "text.png: not a readable picture"),
        (gan, "walk", "w.gif", {"seeds": [1]}, "2 to 24 stops; got 1"),
        (gan, "walk", "w.gif", {"seeds": [1, 2], "pictures": [tmp_path]}, "not both"),
        (gan, "walk", "w.gif", {"fps": 99}, "1 to 30 pictures a second; got 99"),
        (gan, "samples", "s.zip", {"count": 0}, "between 1 and 10,000; got 0"),
        (vae, "plane", "p.png", {"count": 100}, "between 2 and 64"),
        (points, "samples", "s.zip", {}, "draws points, not pictures"),
        (tiny_run(runs_dir, "new"), "samples", "s.zip", {}, "no checkpoint yet"),
    ]:
        with pytest.raises(ValueError, match=rule):
            export(run, form, tmp_path / name, **options)
        assert not (tmp_path / name).exists()
    status, _, err = command("export", "gan", "--as", "walk", "--out", tmp_path / "w.gif", "--seeds", "1,b")
    assert (status, err) == (2, "Error: --seeds takes whole numbers separated by commas, such as 0,1; got '1,b'.\n")

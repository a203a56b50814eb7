"""Films of runs: every picture in its place, the files readable, refusals as sentences."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_run
from PIL import Image

from gan_core.analysis import film
from gan_core.figures import imaging
from gan_core.jobs import task_worker
from gan_core.runs import Run, Status

GREYS = {0: 20, 10: 120, 20: 220}
GRID_AT = (film.PAD_PX + 40, film.HEAD_PX + 40)  # a point in the middle of an image of the grid


def recorded(runs_dir: Path, steps: dict[int, int] = GREYS) -> Run:
    """A run with a curve and a sample grid of one grey a step; not trained."""
    run = tiny_run(runs_dir, "Filmed", dataset__image_size=32)
    for step, grey in steps.items():
        tiles = np.full((4, 1, 32, 32), grey, np.uint8)
        run.save_sample(step, imaging.png_bytes(imaging.to_picture(imaging.grid(tiles))))
    lines = [{"step": i, "loss/g": 2.0 + i % 3, "loss/d": 0.5} for i in range(1, 21)]
    run.metrics_path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run.write_status(Status(state="stopped", step=20, total_steps=40, steps_per_epoch=4))
    return run


def silent(stage: str, done: int = 0, total: int = 0, value: float | None = None) -> None:
    """Nobody watches."""


def decoded(mp4: bytes) -> tuple[list[Image.Image], list[int]]:
    """The frames of a film and how long each is shown, in ms, read as the AVIF that it was made from."""
    assert mp4[4:12] == b"ftypiso8" and b"vide" in mp4 and b"pict" not in mp4[mp4.index(b"moov") :]
    avif = mp4.replace(b"ftypiso8", b"ftypavis").replace(b"iso8av01", b"avifavis").replace(b"vide", b"pict", 1)
    shown, times = [], []
    with Image.open(io.BytesIO(avif.replace(b"free", b"meta", 1)), formats=("AVIF",)) as film_:
        for place in range(film_.n_frames):
            film_.seek(place)
            shown.append(film_.convert("RGB"))
            times.append(round(film_.info["duration"]))
    return shown, times


def grey_at(picture: Image.Image) -> int:
    return int(np.asarray(picture.convert("L"))[GRID_AT[1], GRID_AT[0]])


def test_an_mp4_shows_every_grid_and_holds_the_last(runs_dir: Path) -> None:
    content, size = film.film(recorded(runs_dir), "mp4", 2, silent)
    shown, times = decoded(content)
    assert times == [500] * 6
    assert size == (*shown[0].size, len(shown))
    assert size[0] % 2 == size[1] % 2 == 0
    assert [grey_at(picture) for picture in shown] == pytest.approx([20, 120, 220, 220, 220, 220], abs=3)


def test_without_an_encoder_the_other_format_is_named(runs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film.features, "check", lambda feature: feature != "avif")
    with pytest.raises(ValueError, match=r"no encoder for AV1\. Choose GIF"):
        film.film(recorded(runs_dir), "mp4", 2, silent)


def test_a_gif_shows_every_grid_and_holds_the_last(runs_dir: Path) -> None:
    content, size = film.film(recorded(runs_dir), "gif", 4, silent)
    with Image.open(io.BytesIO(content)) as gif:
        assert (*gif.size, gif.n_frames) == size
        assert gif.info["loop"] == 0
        greys, times = [], []
        for place in range(gif.n_frames):
            gif.seek(place)
            greys.append(grey_at(gif))
            times.append(gif.info["duration"])
    assert greys == pytest.approx([20, 120, 220], abs=6)
    assert times == [250, 250, 1750]


def test_the_losses_are_drawn_up_to_the_pictures_step(runs_dir: Path) -> None:
    pictures = list(film.pictures(film.read(recorded(runs_dir)), [0, 10, 20], 320, silent))
    orange = np.array([0xE0, 0x70, 0x1F])

    def coloured(picture: Image.Image) -> int:
        """The last column below the words in which G's colour stands."""
        below = np.asarray(picture).astype(int)[-film.CHART_PX + 2 * film.PAD_PX + 6 :]
        columns = np.flatnonzero((np.abs(below - orange).sum(2) < 30).any(0))
        return int(columns.max(initial=0))

    width = pictures[0].width - 2 * film.PAD_PX
    assert coloured(pictures[0]) == 0
    assert coloured(pictures[1]) == pytest.approx(film.PAD_PX + width * 10 / 40, abs=2)
    assert coloured(pictures[2]) == pytest.approx(film.PAD_PX + width * 20 / 40, abs=2)


@pytest.mark.parametrize(("steps", "words"), [({}, "has none yet"), ({5: 9}, "has only one, of step 5")])
def test_without_two_pictures_it_is_refused(runs_dir: Path, steps: dict[int, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        film.film(recorded(runs_dir, steps), "mp4", 8, silent)


def test_formats_and_speeds_have_bounds(runs_dir: Path) -> None:
    run = recorded(runs_dir)
    with pytest.raises(ValueError, match="one of: mp4, gif; got 'avi'"):
        film.check(run, "avi", 8)
    with pytest.raises(ValueError, match="1 to 30 pictures a second; got 0"):
        film.check(run, "gif", 0)


def test_many_pictures_are_thinned_to_first_last_and_between(runs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(film.MAX_FRAMES, "gif", 4)
    run = recorded(runs_dir, dict.fromkeys(range(10), 9))
    assert film.check(run, "gif", 8) == [0, 3, 6, 9]
    assert len(film.check(run, "mp4", 8)) == 10


def test_a_damaged_picture_is_left_out_and_none_at_all_is_a_sentence(runs_dir: Path) -> None:
    run = recorded(runs_dir)
    run.sample_path(0).write_bytes(b"no picture")
    assert film.film(run, "gif", 8, silent)[1][2] == 2
    for step in GREYS:
        run.sample_path(step).write_bytes(b"no picture")
    for kind in film.FORMATS:
        with pytest.raises(ValueError, match="nothing to film"):
            film.film(run, kind, 8, silent)


def test_a_run_without_a_log_is_filmed_without_curves(runs_dir: Path) -> None:
    run = recorded(runs_dir)
    run.metrics_path.unlink()
    assert film.film(run, "mp4", 8, silent)[1][2] == 3 + round(film.LAST_FRAME_S * 8)


def test_as_background_work_it_is_kept_until_another_picture_comes(runs_dir: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "cache"))
    run = recorded(runs_dir)
    task = film.task(run, "gif", 8)
    told: list[tuple[str, int, int]] = []
    made = task_worker.cached(task, lambda stage, done=0, total=0, value=None: told.append((stage, done, total)))
    assert made["film"].tobytes() == film.film(run, "gif", 8, silent)[0]
    assert made["size"].tolist()[2] == 3
    assert told == [("film", 0, 3), ("film", 1, 3), ("film", 2, 3)]
    assert film.task(run, "gif", 8) == task
    run.save_sample(30, run.sample_path(20).read_bytes())
    assert film.task(run, "gif", 8) != task

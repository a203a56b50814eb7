"""A run as a film: its sample grids one after the other, with the step and the losses below. MP4 (AV1) or GIF.

One of the kinds of background work; the command line films in its own process. Loads no torch.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont, features

from gan_core.analysis.comparing import Compared, read
from gan_core.figures import charts, style
from gan_core.figures.sheets import fitting, legible
from gan_core.jobs.task import Arrays, Report, Task
from gan_core.models.kinds import KINDS
from gan_core.runs import Run

FORMATS = ("mp4", "gif")
MAX_FRAMES = {"mp4": 600, "gif": 60}  # a GIF stores each frame whole
GRID_PX = {"mp4": 560, "gif": 320}  # about; small pictures are enlarged by a whole number
MIN_FPS, MAX_FPS = 1, 30
LAST_FRAME_S = 1.5  # how much longer the last frame is shown
GIF_COLORS = 128
NOTHING = "None of the run's sample grids can be read, so there is nothing to film."
PAPER, INK, FAINT = (255, 255, 255), (28, 30, 34), (150, 156, 164)
HEAD_PX, CHART_PX, PAD_PX = 44, 130, 12
CHART_KEYS = tuple(key for kind in KINDS.values() for key in kind.main_charts)


@dataclass(frozen=True)
class LossCurve:
    """A loss as it is drawn: its name, its colour, its points (N, 2) in pixels, and their steps (N,)."""

    label: str
    color: str
    points: style.Column
    steps: style.Column


def task(run: Run, kind: str, fps: int) -> Task:
    """The background work that makes a film of what there is of the run now. Raises ValueError as `check`."""
    steps = check(run, kind, fps)
    return Task.of(
        "gan_core.analysis.film:make", run=str(run.path), format=kind, fps=fps, pictures=len(steps), last=steps[-1]
    )


def check(run: Run, kind: str, fps: int) -> list[int]:
    """The steps of the pictures that a film of this run would show.

    Raises ValueError if there are fewer than two pictures, the format is unknown, or the speed is out of bounds.
    """
    if kind not in FORMATS:
        raise ValueError(f"A film is one of: {', '.join(FORMATS)}; got '{kind}'.")
    if not MIN_FPS <= fps <= MAX_FPS:
        raise ValueError(f"A film shows {MIN_FPS} to {MAX_FPS} pictures a second; got {fps}.")
    steps = run.sample_steps()
    if len(steps) < 2:
        have = f"only one, of step {steps[0]:,}" if steps else "none yet"
        raise ValueError(
            f"A film needs at least two sample grids; the run '{run.name}' has {have}. Let it train further, or set "
            "recording.sample_every_steps lower in a new run."
        )
    limit = MAX_FRAMES[kind]
    if len(steps) > limit:
        kept = np.unique(np.linspace(0, len(steps) - 1, limit).round().astype(int))
        steps = [steps[place] for place in kept]
    return steps


def make(arguments: dict[str, Any], report: Report) -> Arrays:
    """The film as background work. Returns `film`: the file's bytes, and `size`: width, height and number of frames."""
    run = Run(Path(arguments["run"]))
    content, size = film(run, arguments["format"], int(arguments["fps"]), report)
    return {"film": np.frombuffer(content, np.uint8), "size": np.array(size)}


def film(run: Run, kind: str, fps: int, report: Report) -> tuple[bytes, tuple[int, int, int]]:
    """The film's file, and its width, height and number of frames.

    Args:
        run: in any state, also one that still trains or was never finished.
        kind: "mp4" or "gif".
        fps: sample grids a second.
        report: called with "film" and how many of how many pictures are drawn.

    Raises ValueError as `check`, or the run cannot be read.
    """
    steps = check(run, kind, fps)
    frames = pictures(read(run), steps, GRID_PX[kind], report)
    return encode(frames, kind, fps)


def encode(frames: Iterator[Image.Image], kind: str, fps: int) -> tuple[bytes, tuple[int, int, int]]:
    """Pictures of one size, with even sides, as a film's file; and its width, height and number of frames.

    Raises ValueError if there is none, or this Pillow was built without AV1.
    """
    return (_mp4 if kind == "mp4" else _gif)(frames, fps)


def pictures(compared: Compared, steps: Sequence[int], grid_px: int, report: Report) -> Iterator[Image.Image]:
    """The film's pictures, one a step, all of one size with even sides: grid, step and losses up to there.

    A sample grid that cannot be read is left out.
    """
    run, first = compared.run, None
    for number, step in enumerate(steps):
        report("film", number, len(steps))
        try:
            with Image.open(run.sample_path(step), formats=("PNG",)) as stored:
                grid = stored.convert("RGB")
        except (OSError, SyntaxError, ValueError):
            continue
        if first is None:
            first = _scaled(grid.size, grid_px)
            width = first[0] + 2 * PAD_PX
            height = HEAD_PX + first[1] + CHART_PX + PAD_PX
            size = width + width % 2, height + height % 2  # AV1 halves the colours in both directions
            curves = losses(compared, size, HEAD_PX + first[1] + PAD_PX)
            font, small = ImageFont.load_default(15), ImageFont.load_default(11)
            name, letters = legible(run.name, 11)
            name = fitting(name, size[0] - 2 * PAD_PX, letters)
        sheet = Image.new("RGB", size, PAPER)
        pen = ImageDraw.Draw(sheet)
        filter_ = Image.Resampling.NEAREST if first[0] >= grid.width else Image.Resampling.LANCZOS
        sheet.paste(grid.resize(first, filter_), (PAD_PX, HEAD_PX))
        pen.text((PAD_PX, 5), _words(compared, step), INK, font)
        pen.text((PAD_PX, 25), name, FAINT, letters)
        _draw_losses(pen, curves, step, size, small)
        yield sheet


def _words(compared: Compared, step: int) -> str:
    per_epoch = compared.status.steps_per_epoch
    epoch = f" · epoch {step / per_epoch:.1f} of {compared.config.training.epochs}" if per_epoch else ""
    return f"step {step:,}{epoch}"


def _scaled(size: tuple[int, int], wanted: int) -> tuple[int, int]:
    """Small pictures by a whole number, so that pixels stay squares; large ones down to the width that is wanted."""
    if size[0] <= wanted:
        factor = max(1, wanted // size[0])
        return size[0] * factor, size[1] * factor
    return wanted, round(size[1] * wanted / size[0])


def losses(compared: Compared, size: tuple[int, int], top: int) -> list[LossCurve]:
    """The losses as lines below the grid, smoothed lightly. Those of one chart share a scale; different charts do not."""
    steps = compared.columns.get("step", np.empty(0))
    left, right, bottom = PAD_PX, size[0] - PAD_PX, size[1] - PAD_PX
    height = bottom - (top + 20)
    curves: list[LossCurve] = []
    for chart in (chart for chart in charts.CHARTS if chart.key in CHART_KEYS):
        found = []
        for trace in chart.traces:
            values = compared.columns.get(trace.column, np.empty(0))
            there = np.isfinite(values)
            if len(values) == len(steps) and there.sum() > 1:
                found.append((trace, *style.thin(steps[there], style.smooth(values[there], 0.6), 400)))
        if not found:
            continue
        reach = max(compared.status.total_steps, float(steps[-1]), 1.0)
        low = min(0.0, *(float(y.min()) for _, _, y in found))
        high = max(
            float(np.percentile(y, 99.5)) for _, _, y in found
        )  # the first steps' peak must not flatten the rest
        for trace, x, y in found:
            across = left + x / reach * (right - left)
            down = bottom - np.clip((y - low) / max(high - low, 1e-12), 0, 1) * height
            points = np.stack([across, down], 1)
            curves.append(LossCurve(trace.label, style.COLORS[trace.color], points, x.astype(float)))
    return curves


def _draw_losses(
    pen: ImageDraw.ImageDraw, curves: Sequence[LossCurve], step: int, size: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:  # fmt: skip
    """Each curve up to the step in colour, the rest in grey, and a line at the step."""
    bottom, top, left = size[1] - PAD_PX, size[1] - CHART_PX + PAD_PX - 4, float(PAD_PX)
    pen.line([(PAD_PX, bottom), (size[0] - PAD_PX, bottom)], FAINT, 1)
    for curve in curves:
        pen.line([tuple(point) for point in curve.points], (226, 229, 233), 1)
    for curve in curves:
        past = int(np.searchsorted(curve.steps, step, side="right"))
        if past > 1:
            pen.line([tuple(point) for point in curve.points[:past]], curve.color, 2)
            now = float(curve.points[past - 1][0])
            pen.line([(now, top + 16), (now, bottom)], FAINT, 1)
        words = f"loss: {curve.label}" if curve is curves[0] else curve.label
        pen.text((left, top - 2), words, curve.color, font)
        left += font.getlength(words) + 16


class _Reel(Image.Image):
    """Compressed pictures of one size as one image of many frames: only the current one is held whole."""

    is_animated = True

    def __init__(self, frames: Sequence[bytes], size: tuple[int, int]) -> None:
        super().__init__()
        self._mode, self._size = "RGB", size
        self._frames, self._place = frames, 0

    def seek(self, frame: int) -> None:
        """Makes this frame the current one. Raises EOFError after the last."""
        if frame >= len(self._frames):
            raise EOFError
        self._place = frame

    def tell(self) -> int:
        """The number of the current frame."""
        return self._place

    def load(self) -> Any:
        """Puts the current frame's pixels in place."""
        with Image.open(io.BytesIO(self._frames[self._place]), formats=("PNG",)) as frame:
            frame.load()
            self.im = frame.im
        return super().load()


def _mp4(frames: Iterator[Image.Image], fps: int) -> tuple[bytes, tuple[int, int, int]]:
    """AV1 in an MP4 file: free of charge, and read by the browsers of today. Pillow's own encoder makes it.

    Raises ValueError if none of the pictures can be read, or this Pillow was built without AV1.
    """
    if not features.check("avif"):
        raise ValueError(
            "This installation's Pillow has no encoder for AV1. Choose GIF, or install Pillow's own wheel."
        )
    packed, size = [], (0, 0)
    for picture in frames:
        buffer, size = io.BytesIO(), picture.size
        picture.save(buffer, "PNG", compress_level=1)
        packed.append(buffer.getvalue())
    if not packed:
        raise ValueError(NOTHING)
    packed += [packed[-1]] * round(LAST_FRAME_S * fps)
    buffer = io.BytesIO()
    _Reel(packed, size).save(
        buffer,
        "AVIF",
        save_all=True,
        duration=round(1000 / fps),
        quality=60,
        speed=8,
        subsampling="4:2:0",
        max_threads=1,
    )
    return _as_video(buffer.getvalue()), (*size, len(packed))


def _as_video(avif: bytes) -> bytes:
    """An animated AVIF as a film: both are ISO base media files (ISO/IEC 14496-12) and hold the same AV1 stream.

    The brands become those of a film, the track of pictures one of video, and the still picture beside it free space.
    """
    content, start = bytearray(avif), 0
    while start < len(content):
        size, kind = int.from_bytes(content[start : start + 4], "big"), content[start + 4 : start + 8]
        if kind == b"ftyp":
            content[start + 8 : start + 12], content[start + 16 : start + 24] = b"iso8", b"iso8av01"
        elif kind == b"meta":
            content[start + 4 : start + 8] = b"free"
        elif kind == b"moov":
            handler = content.index(b"pict", content.index(b"hdlr", start))
            content[handler : handler + 4] = b"vide"
        start += size
    return bytes(content)


def _gif(frames: Iterator[Image.Image], fps: int) -> tuple[bytes, tuple[int, int, int]]:
    """A GIF that repeats for ever. Its one palette is that of its first, middle and last picture."""
    whole = list(frames)
    if not whole:
        raise ValueError(NOTHING)
    samples = (whole[0], whole[len(whole) // 2], whole[-1])
    together = Image.fromarray(np.concatenate([np.asarray(picture) for picture in samples], axis=1))
    palette = together.quantize(GIF_COLORS)  # once: a median cut of every picture takes a minute
    drawn = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in whole]
    buffer = io.BytesIO()
    times = [round(1000 / fps)] * (len(drawn) - 1) + [round(1000 / fps + 1000 * LAST_FRAME_S)]
    drawn[0].save(buffer, "GIF", save_all=True, append_images=drawn[1:], duration=times, loop=0, optimize=False)
    return buffer.getvalue(), (*drawn[0].size, len(drawn))

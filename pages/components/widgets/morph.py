"""A short animation out of single pictures, such as the way from one seed to another."""

from collections.abc import Mapping, Sequence

from pages.components.widgets._assets import check_picture, check_words, make_component

MAX_FPS = 60

_component = make_component("frames_player")


def frames_player(
    frames: Sequence[str], *, key: str, texts: Mapping[str, str], fps: int = 12, max_width_px: int | None = 512
) -> None:
    """Frames played in a loop, with play and pause and a slider to look at single ones.

    Plays at once, unless the visitor's system asks for reduced motion. New frames take over when all of
    them are decoded; the old ones play until then.

    Args:
        frames: data URLs of pictures of equal size; one alone is shown without controls.
        texts: `play` and `pause` name the button; `frame` the slider and `alt` the picture, if given.
        fps: frames a second, 1 to 60.
        max_width_px: widest it may become; None for no bound.

    Raises:
        ValueError: no frames, a picture that is not a data URL, a missing word, or fps out of range.
    """
    if not frames:
        raise ValueError("A frames player needs at least one frame; got none.")
    if not 1 <= fps <= MAX_FPS:
        raise ValueError(f"fps must be between 1 and {MAX_FPS}; got {fps}.")
    check_words(texts, ("play", "pause"), "The frames player")
    data = {
        "frames": [check_picture(frame, "A frame") for frame in frames],
        "key": key,
        "texts": dict(texts),
        "fps": fps,
        "max_width_px": max_width_px,
    }
    _component(key=key, data=data)

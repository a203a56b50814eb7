"""What is seen of a game in the plane, in a sentence."""

import math
from collections.abc import Mapping

from pages.components.text import _

FEW = 0.5  # of the modes
MOST = 0.8  # of the samples
HALF = 0.5  # of the samples


def sentence(values: Mapping[str, float], *, step: int, outside: float = 0.0, said: str = "") -> str:
    """One sentence for one frame.

    Args:
        values: of `gan_core.lab2d.camera.Camera.values`.
        step: steps made.
        outside: share of the points that lie outside the picture.
        said: why it stopped, of the frame.
    """
    return " ".join(filter(None, [_stopped(said), _far(outside), _seen(values, step, outside)]))


def _stopped(said: str) -> str:
    if said == "unwatched":
        return _("Paused, because nobody was looking: press Play to go on.")
    if said == "over":
        return _("All steps are made; Play goes on beyond.")
    return ""


def _far(outside: float) -> str:
    if outside <= HALF:
        return ""
    return _("Most points, {share:.0%}, lie outside the picture.").format(share=outside)


def _seen(values: Mapping[str, float], step: int, outside: float) -> str:
    if step == 0:
        return _("Nothing is learned yet: the generator puts all points into one heap near the middle.")
    if "captured" not in values:
        return _("Your points have no known modes, so nothing is counted: compare the two clouds by eye.")
    captured, modes, good = int(values["captured"]), int(values["modes"]), values["high_quality"]
    shared = modes * math.exp(-values["reverse_kl"])  # as many modes, hit evenly, have this KL
    if (
        shared < FEW * modes and outside <= HALF
    ):  # far away the nearest mode says nothing of how close together they lie
        return _(
            "The points lie together, as in mode collapse: spread as if there were {n:.1f} modes, not {total}."
        ).format(n=shared, total=modes)
    if captured == modes and good >= MOST:
        return _("All {total} modes, and {share:.0%} of the points on them.").format(total=modes, share=good)
    if captured == modes:
        return _("All {total} modes are reached, but only {share:.0%} of the points lie on a mode.").format(
            total=modes, share=good
        )
    return _("{n} of {total} modes are reached, and {share:.0%} of the points lie on a mode.").format(
        n=captured, total=modes, share=good
    )

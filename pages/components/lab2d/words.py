"""The words of the 2-D lab: those of its stage, whose braces the browser fills in, and a sentence on what a frame shows."""

import math
from collections.abc import Mapping
from typing import Any

from gan_core.lab2d.protocol import PACES
from pages.components.text import _

FEW = 0.5  # of the modes
MOST = 0.8  # of the samples
HALF = 0.5  # of the samples


CONTROLS: dict[str, Any] = {
    "starting": _("The 2-D lab is starting: about ten seconds, once for everybody on this server."),
    "play": _("Play"),
    "pause": _("Pause"),
    "reset": _("Reset"),
    "reset_help": _("Back to step 0, with the same seed: the same game begins again."),
    "step": {"both": _("Both step"), "d": _("D step"), "g": _("G step")},
    "step_help": {
        "both": _("One training step, as in a run: D moves, then G. Where D makes several steps for one of G's, G moves in every so-many-th step."),
        "d": _("Only the discriminator learns; the generator stays as it is, to the last bit."),
        "g": _("Only the generator learns; the discriminator stays as it is, to the last bit."),
    },
    "who": _("Play moves"),
    "movers": {"both": _("both"), "d": _("only D"), "g": _("only G")},
    "pace": _("Speed"),
    "paces": {
        "slow": _("slow motion: D, then G"),
        **{name: _("up to {n} steps a picture").format(n=name) for name in PACES if name.isdigit()},
        "1": _("1 step a picture"),
        "all": _("as fast as it can"),
    },
    "rates": {"discriminator": _("Learning rate of D"), "generator": _("Learning rate of G")},
}  # fmt: skip

PICTURE: dict[str, Any] = {
    "show": {
        "landscape": _("D's landscape"),
        "real": _("Real"),
        "generated": _("Generated"),
        "grid": _("G's grid"),
        "arrows": _("Gradients on G"),
    },
    "show_help": {
        "landscape": _("What D says to each place of the plane: the greener, the more real. With packing: of a point there beside real ones."),
        "real": _("Points of the data set."),
        "generated": _("What G makes of {n} fixed latents."),
        "grid": _("A square grid in G's latent space, and where G sends it: G bends and stretches the plane."),
        "arrows": _("Which way G's loss pulls its points (minus its gradient). Lengths compare within one picture."),
    },
    "low": {"probability": _("D says fake, 0"), "score": _("D's lowest score, {value}")},
    "high": {"probability": _("1, real"), "score": _("highest, {value}")},
}  # fmt: skip

NUMBERS: dict[str, Any] = {
    "moved": {"discriminator": _("D has just moved"), "generator": _("G has just moved")},
    "step_of": _("Step {step} of {total}"),
    "step_alone": _("Step {step}"),
    "moves": _("D learned {d} times, G {g} times"),
    "speed": _("{fps} pictures a second, {rate} steps a second"),
    "outside": _("{share} of the generated points lie outside the picture"),
    "pull": _("Mean gradient at a generated point: {value}"),
    "facts": {
        "mode_tv": _("Mode-TV"),
        "captured": _("Modes captured"),
        "high_quality": _("High quality"),
        "reverse_kl": _("Reverse KL"),
    },
    "facts_help": {
        "mode_tv": _("Half the differences of the modes' shares of all points from those in the data, plus half the share of points on no mode: 0 is best, 1 is worst. A perfect generator stays a little above 0."),
        "captured": _("Modes (spots of the data) with at least one generated point within 3 standard deviations."),
        "high_quality": _("Share of generated points within 3 standard deviations of a mode. A perfect generator reaches 98.9 %."),
        "reverse_kl": _("How unevenly the generated points are shared out among the modes, in nats: 0 is even, {worst} is all at one mode. Every point counts for its nearest mode, however far: with high quality below 50 % it says little."),
    },
    "facts_rule": _("Mode-TV is how far the points' shares of the modes, and of none, lie from the data's: 0 is best, 1 is worst. One point within 3σ (standard deviations) of its middle captures a mode; high quality is the share of all points so near. Reverse KL counts every point for its nearest mode: 0 is even; with high quality below 50 % it says little."),
    "captured_with": _("{share} % on modes"),
    "says_little": _("says little now"),
    "of": _("{n} of {total}"),
    "measured": _("Measured on {n} generated points from fixed latents, the same in every picture; in brackets 95 % intervals over these points (of all four while it is paused)"),
    "curves": {
        "belief": _("What D says"),
        "losses": _("Losses"),
        "quality": _("Modes and quality"),
    },
    "lines": {
        "real": _("on real, D(x)"),
        "fake": _("on generated, D(G(z))"),
        "d": _("D"),
        "g": _("G"),
        "captured": _("modes captured"),
        "high_quality": _("high quality"),
    },
    "picture": _("The plane after {step} steps. {sentence}"),
}  # fmt: skip

TEXTS = {**CONTROLS, **PICTURE, **NUMBERS}


def sentence(values: Mapping[str, float], *, step: int, outside: float = 0.0, said: str = "") -> str:
    """One sentence for one frame: its `Camera.values`, steps made, share of points outside the picture, why it stopped."""
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

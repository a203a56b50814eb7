"""The words of the 2-D lab: those of its stage, whose braces the browser fills in, and a sentence on what a frame shows."""

import math
from collections.abc import Mapping
from typing import Any

from gan_core.lab2d.protocol import PACES
from pages.components.text import N_, Marked, _

FEW = 0.5  # of the modes
MOST = 0.75  # of the samples
HALF = 0.5  # of the samples


CONTROLS: dict[str, Any] = {
    "starting": N_("The 2-D lab is starting: about ten seconds, once for everybody on this server."),
    "play": N_("Play"),
    "pause": N_("Pause"),
    "reset": N_("Reset"),
    "reset_help": N_("Back to step 0, with the same seed: the same game begins again."),
    "step": {"both": N_("Both step"), "d": N_("D step"), "g": N_("G step")},
    "step_help": {
        "both": N_("One training step, as in a run: D moves, then G. Where D makes several steps for one of G's, G moves in every so-many-th step."),
        "d": N_("Only the discriminator learns; the generator stays as it is, to the last bit."),
        "g": N_("Only the generator learns; the discriminator stays as it is, to the last bit."),
    },
    "who": N_("Play moves"),
    "movers": {"both": N_("both"), "d": N_("only D"), "g": N_("only G")},
    "pace": N_("Speed"),
    "paces": {
        "slow": N_("slow motion: D, then G"),
        **{name: N_("up to {n} steps a picture").format(n=name) for name in PACES if name.isdigit()},
        "1": N_("1 step a picture"),
        "all": N_("as fast as it can"),
    },
    "rates": {"discriminator": N_("Learning rate of D"), "generator": N_("Learning rate of G")},
}  # fmt: skip

PICTURE: dict[str, Any] = {
    "show": {
        "landscape": N_("D's landscape"),
        "real": N_("Real"),
        "generated": N_("Generated"),
        "grid": N_("G's grid"),
        "arrows": N_("Gradients on G"),
    },
    "show_help": {
        "landscape": N_("D's output at each place of the plane: the greener, the more real. With packing: for a point there, "
                        "packed with real ones."),
        "real": N_("Points of the data set."),
        "generated": N_("What G makes of {n} fixed latents."),
        "grid": N_("A square grid in G's latent space, and where G sends it: G bends and stretches the plane."),
        "arrows": N_("Which way G's loss pulls its points (minus its gradient). Lengths compare within one picture."),
    },
    "low": {"probability": N_("D says fake, 0"), "score": N_("D's lowest score, {value}")},
    "high": {"probability": N_("1, real"), "score": N_("highest, {value}")},
}  # fmt: skip

NUMBERS: dict[str, Any] = {
    "moved": {"discriminator": N_("D has just moved"), "generator": N_("G has just moved")},
    "step_of": N_("Step {step} of {total}"),
    "step_alone": N_("Step {step}"),
    "moves": N_("D learned {d} times, G {g} times"),
    "speed": N_("{fps} pictures a second, {rate} steps a second"),
    "outside": N_("{share} of the generated points lie outside the picture"),
    "pull": N_("Mean gradient at a generated point: {value}"),
    "facts": {
        "mode_tv": N_("Mode-TV"),
        "captured": N_("Modes captured"),
        "high_quality": N_("High quality"),
        "reverse_kl": N_("Reverse KL"),
    },
    "facts_help": {
        "mode_tv": N_("Half the differences of the modes' shares of all points from those in the data, plus half the share of points on no mode: 0 is best, 1 is worst. A perfect generator stays a little above 0."),
        "captured": N_("Modes (spots of the data) with at least one generated point within 3 standard deviations."),
        "high_quality": N_("Share of generated points within 3 standard deviations of a mode. A perfect generator reaches 98.9 %."),
        "reverse_kl": N_("How unevenly the generated points are shared out among the modes, in nats: 0 is even, {worst} is all at one mode. Every point counts for its nearest mode, however far: with high quality below 50 % it says little."),
    },
    "facts_rule": N_("Mode-TV is how far the points' shares of the modes, and of none, lie from the data's: 0 is best, 1 is worst. One point within 3σ (standard deviations) of its middle captures a mode; high quality is the share of all points so near. Reverse KL counts every point for its nearest mode: 0 is even; with high quality below 50 % it says little."),
    "captured_with": N_("{share} % on modes"),
    "says_little": N_("says little now"),
    "of": N_("{n} of {total}"),
    "measured": N_("Measured on {n} generated points from fixed latents, the same in every picture; in brackets 95 % intervals over these points (of all four while it is paused)"),
    "curves": {
        "belief": N_("What D says"),
        "losses": N_("Losses"),
        "quality": N_("Modes and quality"),
    },
    "lines": {
        "real": N_("on real, D(x)"),
        "fake": N_("on generated, D(G(z))"),
        "d": N_("D"),
        "g": N_("G"),
        "captured": N_("modes captured"),
        "high_quality": N_("high quality"),
    },
    "picture": N_("The plane after {step} steps. {sentence}"),
}  # fmt: skip

TEXTS = Marked({**CONTROLS, **PICTURE, **NUMBERS})


def sentence(values: Mapping[str, float], *, step: int, outside: float = 0.0, said: str = "") -> str:
    """One sentence for one frame: its `Camera.values`, steps made, share of points outside the picture, why it stopped."""
    return " ".join(filter(None, [_stopped(said), _far(outside), _seen(values, step, outside)]))


def _stopped(said: str) -> str:
    if said == "unwatched":
        return _("Paused, because nobody was looking: press Play to continue.")
    if said == "over":
        return _("All steps are done; Play continues beyond.")
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

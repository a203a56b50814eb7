"""The styles that portraits wear their hair in: numbers for `gan_core.datasets.sources.drawing.hair`, and who wears which."""

from __future__ import annotations

from dataclasses import dataclass

from gan_core.datasets.sources.drawing.draws import FloatArray
from gan_core.datasets.sources.drawing.people import People


@dataclass(frozen=True)
class Style:
    """One style. Lengths in the head's unit: chin at 1, top of the skull at -1.08.

    Attributes:
        top, side: how thick the hair is above and beside the head.
        line: where the forehead ends (y); -2 leaves the top of the head bare.
        open: half the width of the face that is left free.
        front, back: how far down it reaches before the ears and behind the neck.
        sweep: how much lower the hairline is on one side.
        tent: how much lower it is at the temples than at the parting.
        flare: how much it widens downwards.
        wave: of the outline of long hair.
        curl: size of curls.
        bun: radius of a knot on top.
    """

    top: float
    side: float
    line: float
    open: float = 0.66
    front: float = 0.02
    back: float = 0.3
    sweep: float = 0.0
    tent: float = 0.0
    flare: float = 0.0
    wave: float = 0.0
    curl: float = 0.0
    bun: float = 0.0


STYLES = {
    "crop": Style(0.13, 0.05, -0.70, open=0.68),
    "quiff": Style(0.29, 0.05, -0.72, sweep=0.14, open=0.68),
    "parted": Style(0.20, 0.07, -0.68, sweep=0.34, front=0.06, open=0.67),
    "short curls": Style(0.22, 0.11, -0.62, curl=0.05, front=0.0),
    "buzz": Style(0.04, 0.025, -0.70, front=0.06, open=0.69),
    "receding": Style(0.07, 0.06, -0.84, tent=-0.30, front=0.08, open=0.68),
    "shoulder": Style(0.13, 0.11, -0.66, front=1.0, back=1.2, tent=0.55, wave=0.02, open=0.62),
    "long": Style(0.13, 0.11, -0.74, front=1.75, back=1.9, tent=0.75, open=0.60),
    "long waves": Style(0.17, 0.17, -0.62, front=1.6, back=1.75, sweep=0.35, flare=0.10, wave=0.045, open=0.60),
    "bob": Style(0.17, 0.17, -0.52, front=0.80, back=0.85, sweep=0.35, flare=0.04, open=0.61),
    "fringe": Style(0.15, 0.13, -0.335, front=1.3, back=1.5, open=0.60, wave=0.012),
    "short fringe": Style(0.16, 0.15, -0.345, front=0.66, back=0.7, open=0.60, flare=0.02),
    "bun": Style(0.085, 0.04, -0.66, front=0.0, back=0.3, tent=0.35, open=0.65, bun=0.30),
    "pixie": Style(0.18, 0.09, -0.50, front=0.14, back=0.4, sweep=0.45, open=0.62),
    "big curls": Style(0.30, 0.30, -0.56, front=0.75, back=0.85, curl=0.06, open=0.62, flare=0.03),
    "shaven": Style(0, 0, -2.0, front=-2.0, back=-2.0),
    "horseshoe": Style(0, 0.05, -2.0, open=0.71, front=0.12, back=0.35),
}


def weights(people: People) -> list[FloatArray]:
    """How likely each style is for each person, in the order of STYLES."""
    male, young = people.male, people.young
    haired = 1 - people.bald
    man, woman = male * haired, (1 - male) * haired
    return [
        1.0 * man,
        0.8 * man * young,
        1.1 * man,
        0.6 * man,
        0.4 * man,
        0.9 * man * (1 - young),
        0.25 * man * young,
        1.3 * woman,
        1.4 * woman,
        0.9 * woman,
        0.8 * woman,
        0.4 * woman,
        0.6 * woman,
        0.35 * woman,
        0.5 * woman,
        people.bald * (0.25 + 0.5 * young),
        people.bald * (0.75 - 0.5 * young),
    ]

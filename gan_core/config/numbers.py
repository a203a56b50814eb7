"""How a measured number is written for people: a few significant digits, thousands marks, no exponent where digits say it."""

import math
import re

SMALLEST, LARGEST = 1e-4, 1e15  # outside of these an exponent is shorter and clearer


def significant(value: float, digits: int) -> str:
    """A number in so many significant digits: 25,300 and 4,132 and 0.034, never 2.53e+04.

    Args:
        value: any number; one that is not finite is written as Python does ("nan", "inf").
        digits: significant digits, at least 1; zeros at the end of a fraction are left out.
    """
    short = f"{value:.{digits}g}"
    size = abs(float(short))
    if not SMALLEST <= size < LARGEST:  # also 0, nan and infinity
        return short
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    written = f"{float(short):,.{decimals}f}"
    return written.rstrip("0").rstrip(".") if decimals else written


class Significant(float):
    """A number that a message's `{loss:.3g}` writes as `significant` does: 4,130, never 4.13e+03."""

    def __format__(self, spec: str) -> str:
        digits = re.fullmatch(r"\.(\d+)g", spec)
        return significant(float(self), int(digits[1])) if digits else super().__format__(spec)

"""How a measured number is written for people: a few significant digits, thousands marks, no exponent where digits say it."""

import math
import re

SMALLEST, LARGEST = 1e-4, 1e15  # outside of these a power of ten is shorter and clearer
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def significant(value: float, digits: int) -> str:
    """A number in so many significant digits: 25,300 and 4,132 and 0.034, never 2.53e+04; 9.45×10⁻⁵ where zeros would hide it.

    Args:
        value: any number; one that is not finite is written as Python does ("nan", "inf").
        digits: significant digits, at least 1; zeros at the end of a fraction are left out.
    """
    short = f"{value:.{digits}g}"
    size = abs(float(short))
    if size == 0 or not math.isfinite(size):
        return short
    if not SMALLEST <= size < LARGEST:
        mantissa, exponent = f"{float(short):.{digits - 1}e}".split("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}×10{str(int(exponent)).translate(RAISED)}"
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    written = f"{float(short):,.{decimals}f}"
    return written.rstrip("0").rstrip(".") if decimals else written


class Significant(float):
    """A number that a message's `{loss:.3g}` writes as `significant` does: 4,130, never 4.13e+03."""

    def __format__(self, spec: str) -> str:
        digits = re.fullmatch(r"\.(\d+)g", spec)
        return significant(float(self), int(digits[1])) if digits else super().__format__(spec)

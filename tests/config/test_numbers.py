"""Numbers for people: significant digits, thousands marks, powers of ten where zeros would hide them."""

import math

import pytest

from gan_core.config.numbers import Significant, significant


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [
        (4132.4, 4, "4,132"),
        (4132.4, 3, "4,130"),
        (25_347.0, 3, "25,300"),
        (-25_347.0, 3, "-25,300"),
        (999.96, 4, "1,000"),
        (1_234_567.0, 4, "1,235,000"),
        (77.21, 4, "77.21"),
        (3.7300, 4, "3.73"),
        (0.0112, 4, "0.0112"),
        (0.00042, 3, "0.00042"),
        (0.000_01, 3, "1×10⁻⁵"),
        (-0.000_094_51, 3, "-9.45×10⁻⁵"),
        (0.000_099_999, 3, "0.0001"),
        (0, 3, "0"),
        (math.nan, 3, "nan"),
        (math.inf, 3, "inf"),
        (2.5e16, 3, "2.5×10¹⁶"),
    ],
)
def test_a_number_is_written_in_its_digits(value: float, digits: int, written: str) -> None:
    assert significant(value, digits) == written


@pytest.mark.parametrize("exponent", range(-4, 14))
def test_it_is_the_number_that_python_rounds_to(exponent: int) -> None:
    value = 3.14159 * 10.0**exponent
    assert math.isclose(float(significant(value, 3).replace(",", "")), float(f"{value:.3g}"), rel_tol=1e-12)


def test_a_message_that_asks_for_significant_digits_gets_no_exponent() -> None:
    said = "{loss:.3g} of {first:.4g}, {plain:.2f}"
    values = {"loss": Significant(25_347.0), "first": Significant(0.5), "plain": Significant(2.0)}
    assert said.format(**values) == "25,300 of 0.5, 2.00"

"""An address as a QR code, for a phone's camera."""

from __future__ import annotations

import io

import segno

MAX_CHARACTERS = 700
"""A code of more has over 89 modules per side: hard for a phone's camera to read from a projector's screen."""
SCALE, BORDER = 8, 4  # px per module; modules of quiet zone, as ISO/IEC 18004 asks for


def qr_svg(text: str) -> str:
    """The QR code of a text as an SVG, black on white; error correction is at least level L, higher where it costs no size.

    Raises:
        ValueError: it is longer than MAX_CHARACTERS.
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError(
            f"The address has {len(text):,} characters; a QR code that a phone can read holds {MAX_CHARACTERS}. "
            "Give the address itself, or change fewer settings."
        )
    code = segno.make_qr(text, error="l", encoding="utf-8")
    svg = io.BytesIO()
    code.save(svg, kind="svg", scale=SCALE, border=BORDER, dark="#000", light="#fff", xmldecl=False, nl=False)
    return svg.getvalue().decode()

"""Samples to click: a sheet of numbered pictures, of which some are chosen.

Every sample has a number, the seed of its latent, that is the same on every sheet and in every view; what is chosen stays
chosen when another sheet is shown.
"""

from collections.abc import Sequence

from pages.components.text import _
from pages.components.widgets._assets import as_mapping, check_picture, do_nothing, make_component, state_of

LARGEST = 2**31 - 1

_component = make_component("sample_picker", "choice", scripts=("choice",))


def picked(key: str, default: Sequence[int], limit: int) -> tuple[int, ...]:
    """The samples chosen in the picker with this key, known before it is drawn; `default` until somebody chose.

    A choice that is no list of different seeds, or longer than `limit`, is no choice.
    """
    selected = as_mapping(state_of(key, "choice")).get("selected")
    if not isinstance(selected, list) or len(selected) > limit or len(set(map(str, selected))) < len(selected):
        return tuple(default)
    if not all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= LARGEST for n in selected):
        return tuple(default)
    return tuple(selected)


def sample_picker(
    sheet: str, ids: Sequence[int], chosen: Sequence[int], *, columns: int, limit: int, label: str, key: str
) -> None:
    """Draws the sheet. Arrow keys move in it, Enter and Space choose.

    Args:
        sheet: data URL of the pictures side by side, without gaps.
        ids: the number of each picture, row by row.
        chosen: of `picked`.
        columns: pictures in a row.
        limit: how many may be chosen; with 1 a click replaces the choice.
        label: what is chosen here, for those who do not see it.

    Raises:
        ValueError: a sheet that is not a data URL.
    """
    texts = {
        "label": label,
        "sample": _("Sample {n}"),
        "chosen": _("Chosen: number {n}"),
        "several": _("Chosen: numbers {n}"),
        "none": _("Click a picture to choose it."),
        "clear": _("Clear"),
        "limit": _("At most {n}: click a chosen one to let it go.").format(n=limit),
    }
    data = {
        "sheet": check_picture(sheet, "A sheet of samples"), "ids": list(ids), "selected": list(chosen), "columns": columns,
        "limit": limit, "texts": texts, "key": key,
    }  # fmt: skip
    _component(key=key, data=data, on_choice_change=do_nothing)

"""Many small pictures, each with its words below: what was asked for, and what an evaluator saw of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gan_core.figures.sheets import Line
from pages.components.text import _
from pages.components.widgets._assets import check_picture, make_component

_component = make_component("condition_cards")


@dataclass(frozen=True)
class Part:
    """A picture of a card.

    Attributes:
        image: data URL.
        alt: what it shows, for those who do not see it.
        lines: words below it; a mark says whether the evaluator saw what the line names.
    """

    image: str
    alt: str
    lines: Sequence[Line] = ()


def condition_cards(cards: Sequence[Sequence[Part]], *, key: str, columns: int = 8, rows: bool = False) -> None:
    """Cards side by side, half as many in a row where there is little room; the parts of one card stand above each other.

    Args:
        cards: a card is one picture or more.
        columns: cards in a row; an even number.
        rows: one card a row instead, its words to the left.

    Raises:
        ValueError: a picture that is not a data URL.
    """
    words = {True: _("the evaluator sees it"), False: _("the evaluator does not see it"), None: ""}
    data = {
        "cards": [
            [
                {
                    "image": check_picture(part.image, "A card"),
                    "alt": part.alt,
                    "lines": [{"text": line.text, "mark": line.mark, "says": words[line.mark]} for line in part.lines],
                }
                for part in card
            ]
            for card in cards
        ],
        "key": key,
        "columns": columns,
        "rows": rows,
    }
    _component(key=key, data=data)

"""The small button in the corner of present mode. Esc presses it, too."""

from collections.abc import Callable

from pages.components.text import _
from pages.components.widgets._assets import make_component

_component = make_component("leave_present")


def leave_present(on_leave: Callable[[], None], *, key: str) -> None:
    """Draws it; `on_leave` is called when it is pressed."""
    data = {"words": _("Leave"), "help": _("Leave present mode (Esc)"), "key": key}
    _component(key=key, data=data, on_leave_change=on_leave)

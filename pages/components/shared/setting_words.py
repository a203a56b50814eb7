"""Settings in words: what one is called, and what a value of it is."""

from typing import Any

from gan_core.config import run_config as schema
from pages.components.shared.config_form import label, title_of
from pages.components.text import _


def setting_name(name: str) -> str:
    """A field's label; of an optimiser's field with the network that it is of."""
    words, owner = label(name, schema.field_names()[name]), owner_of(name)
    return f"{words}, {owner}" if owner else words


def owner_of(name: str) -> str:
    """The network whose optimiser a field is of; empty for other fields."""
    owners = {"generator_optimizer": _("generator"), "discriminator_optimizer": _("discriminator")}
    return owners.get(name.partition(".")[0], "")


def value_of(name: str, value: Any) -> str:
    """A value in words: entries of a table by their titles, numbers without useless digits."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "–"
    return title_of(name, value) if value not in (None, "") else "–"

"""What a page does, as a command to copy: folded below the button, with the values that are chosen now, quoted for a shell."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from gan_core.config import RunConfig, differences, get
from gan_core.experiments.arms import Comparison
from gan_core.presets import PRESETS
from gan_core.runs import Run
from pages.components.text import _

PROGRAM = ("python", "-m", "gan_core")


def as_command(place: str, *lines: str) -> None:
    """The commands, one below the other.

    Args:
        place: where on the pages it stands; tests look for each.
        lines: as `line` makes them; empty ones are left out, and without any nothing is shown.
    """
    shown = [command for command in lines if command]
    if shown:
        show(place, shown)


def show(place: str, lines: Sequence[str]) -> None:
    """Draws them, folded."""
    with st.expander(_("As a command"), icon=":material/terminal:", key=f"command_{place}"):
        st.code("\n".join(lines), language=None, wrap_lines=True)  # its colours for a shell are too pale to read


def line(command: str, *arguments: str, **options: Any) -> str:
    """A command of `python -m gan_core` with its arguments, quoted for a shell.

    Args:
        command: such as "train-longer".
        arguments: in their order.
        options: name with underscores (`as_` is --as) -> value. True is a flag; None, False and "" are left out; a mapping becomes
            one KEY=VALUE each, a list one option each, a tuple values separated by commas.
    """
    named = [word for name, value in options.items() for word in _option(name, value)]
    if any(argument.startswith("-") for argument in arguments):
        return shlex.join([*PROGRAM, command, *named, "--", *arguments])
    return shlex.join([*PROGRAM, command, *arguments, *named])


def train_line(config: RunConfig, name: str = "", processes: int = 1) -> str:
    """The command that trains a configuration: its preset, and all that differs from it; "" where the preset is not known."""
    if config.preset not in PRESETS:
        return ""
    changed = {field: get(config, field) for field in differences(PRESETS[config.preset].config, config)}
    return line("train", config.preset, set=changed, name=name, processes=several(processes))


def several(processes: int) -> int | None:
    """What `--processes` must say of a number of processes; None, which leaves it out, for one."""
    return processes if processes > 1 else None


def arm_lines(comparison: Comparison, names: Sequence[str]) -> list[str]:
    """The commands that train some arms of a comparison."""
    return [train_line(comparison.config(comparison.arm(name)), comparison.arm(name).title) for name in names]


def out(run: Run, suffix: str) -> str:
    """The file that a command writes: named after the run, in the folder where the command is given."""
    return f"{run.id}{suffix}"


def _option(name: str, value: Any) -> Sequence[str]:
    flag = "--" + name.removesuffix("_").replace("_", "-")
    if value is True:
        return [flag]
    if value is None or value is False or value == "":
        return []
    if isinstance(value, Mapping):
        value = [f"{key}={_text(part)}" for key, part in value.items()]
    values = [_text(part) for part in value] if isinstance(value, list) else [_text(value)]
    return [word for text in values for word in ([f"{flag}={text}"] if text.startswith("-") else [flag, text])]


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)

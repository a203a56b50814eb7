"""What a run can be written as, one entry each. Free of torch: an entry names its function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_core.config.registry import Registry, load
from gan_core.runs import Run

__all__ = ["FORMATS", "Format", "export"]


@dataclass(frozen=True)
class Format:
    """A line of the table.

    Attributes:
        title: what it is, for people.
        suffixes: how the file's name may end; empty for a folder.
        function: import path of `(run, path, **options)`, which writes it and says in words what it holds; it raises
            ValueError where the run has no such thing.
        options: the options that it takes.
    """

    title: str
    suffixes: tuple[str, ...]
    function: str
    options: tuple[str, ...] = ()


FORMATS: Registry[Format] = Registry(
    "format",
    {
        "zip": Format(
            "the run itself: checkpoint, curves, samples",
            (".zip",),
            "gan_core.exchange.run_zip:write",
            ("step", "every", "note"),
        ),
        "csv": Format("the recorded metrics as a table", (".csv",), "gan_core.exchange.curves:write_csv"),
        "tensorboard": Format("the recorded metrics for TensorBoard", (), "gan_core.exchange.curves:write_tensorboard"),
    },
)


def export(run: Run, name: str, path: Path, **options: Any) -> str:
    """Writes a run in a format of the table.

    Args:
        run: which.
        name: a key of FORMATS.
        path: the new file or folder.
        options: those of the format; None is left out.

    Returns:
        What it holds, in words.

    Raises:
        ValueError: an unknown format, an option that it does not take, another ending of the name, nothing to write, or
            `output.new`.
    """
    entry = FORMATS.find(name)
    given = {option: value for option, value in options.items() if value is not None}
    for option in given:
        if option not in entry.options:
            takers = ", ".join(other for other, form in FORMATS.items() if option in form.options)
            raise ValueError(f"'{option}' is no option of the format '{name}'; it belongs to: {takers}.")
    if entry.suffixes and path.suffix.lower() not in entry.suffixes:
        raise ValueError(
            f"The format '{name}' is a file that ends in {' or '.join(entry.suffixes)}; got '{path.name}'."
        )
    function: Callable[..., str] = load(entry.function)
    return function(run, path, **given)

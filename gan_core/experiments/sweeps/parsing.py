"""Parses sweeps: a YAML file, or `field=16,32` and `field=1e-4..1e-3` of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gan_core.config import read_bounded
from gan_core.experiments.sweeps.plan import Axis, listed, ranged

MAX_BYTES = 100_000
SUFFIXES = (".yaml", ".yml")
KEYS = ("name", "preset", "set", "vary", "aim", "direction", "images", "trials", "seed", "storage")
RANGE_KEYS = ("from", "to", "log")


def read_file(path: Path) -> tuple[dict[str, Any], str]:
    """The arguments of `sweep_from` in a file, and the storage ("" where it names none).

    Raises:
        ValueError: if it cannot be read, is no YAML, or has an unknown key or a malformed value.
    """
    import yaml  # type: ignore[import-untyped]

    try:
        text = read_bounded(path, MAX_BYTES).decode()
        if "&" in text and "*" in text and any(isinstance(t, yaml.AliasToken) for t in yaml.scan(text)):
            raise ValueError(f"'{path}' uses YAML aliases (*), which are not supported: write the values out.")
        data = yaml.safe_load(text)
    except UnicodeDecodeError:
        raise ValueError(f"'{path}' is not UTF-8 text.") from None
    except OSError as error:
        raise ValueError(f"'{path}' cannot be read ({error.strerror or error}).") from None
    except (yaml.YAMLError, RecursionError) as damage:
        mark = getattr(damage, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(damage, "problem", None) or type(damage).__name__
        raise ValueError(f"'{path}'{where}: this is not valid YAML ({problem}).") from None
    return _checked(path, data)


def _checked(path: Path, data: Any) -> tuple[dict[str, Any], str]:
    if not isinstance(data, dict):
        raise ValueError(f"'{path}' must hold keys and values, such as 'preset: r4-a-lite'; got {data!r:.60}.")
    unknown = [key for key in data if key not in KEYS]
    if unknown:
        raise ValueError(f"'{path}' has an unknown key '{unknown[0]!s:.60}'. Choose from: {', '.join(KEYS)}.")
    for key in ("preset", "vary"):
        if not data.get(key):
            raise ValueError(f"'{path}' has no '{key}'. A sweep needs a preset, and what to vary.")
    for key in ("vary", "set"):
        if not isinstance(data.get(key, {}), dict):
            raise ValueError(
                f"'{path}': '{key}' must hold settings and values, such as 'training.batch_size: [32, 64]'."
            )
    for key in ("trials", "seed", "images"):
        if key in data and (isinstance(data[key], bool) or not isinstance(data[key], int) or data[key] < 0):
            raise ValueError(f"'{path}': '{key}' must be a whole number, not negative; got {data[key]!r:.60}.")
    arguments = {
        "name": str(data.get("name") or path.stem),
        "preset": str(data["preset"]),
        "axes": [_axis(path, str(name), value) for name, value in data["vary"].items()],
        "metric": str(data.get("aim", "fd")),
        "direction": str(data.get("direction", "")),
        "images": data.get("images", 1000),
        "trials": data.get("trials", 0),
        "changes": {str(name): value for name, value in data.get("set", {}).items()},
        "seed": data.get("seed", 0),
    }
    return arguments, str(data.get("storage") or "")


def _axis(path: Path, name: str, value: Any) -> Axis:
    if isinstance(value, list):
        if any(isinstance(one, list | dict) or one is None for one in value):
            raise ValueError(f"'{path}': the values of '{name}' must be numbers, words, true or false.")
        return listed(name, value)
    if isinstance(value, dict):
        unknown = [key for key in value if key not in RANGE_KEYS]
        if unknown or "from" not in value or "to" not in value:
            raise ValueError(f"'{path}': the range of '{name}' needs 'from' and 'to', and may have 'log: true'.")
        log = value.get("log")
        if log is not None and not isinstance(log, bool):
            raise ValueError(f"'{path}': 'log' of '{name}' must be true or false; got {log!r:.60}.")
        return ranged(name, value["from"], value["to"], log)
    return listed(name, [value])


def axis_from(text: str) -> Axis:
    """An axis from `field=16,32,64` or `field=1e-4..1e-3`.

    Raises:
        ValueError: if the text has neither form, or as `listed` and `ranged`.
    """
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name or not value:
        raise ValueError(
            f"Write what to vary as training.batch_size=32,64 or learning_rate=1e-4..1e-3; got '{text:.80}'."
        )
    low, dots, high = value.partition("..")
    if dots:
        return ranged(name, low.strip(), high.strip())
    return listed(name, [part.strip() for part in value.split(",") if part.strip()])

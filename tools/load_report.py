"""The rows of the load test in words: on the screen, and as docs/loadtest.json and docs/loadtest.md."""

from __future__ import annotations

import json
import os
import platform
from typing import Any

from gan_core.config.devices import processor
from gan_core.config.settings import PROJECT_DIR

DOCS = PROJECT_DIR / "docs"
HEADINGS = {
    "flood": "A flood of uploads",
    "watch": "A class that watches one run",
    "load": "A class that does what it likes",
    "soak": "An hour",
}


def conditions() -> str:
    """The machine, and how quiet it was."""
    cores, (minute, *_rest) = os.cpu_count(), os.getloadavg()
    return (
        f"{processor()}, {cores} cores, Python {platform.python_version()}; load average {minute:.1f} before the start"
    )


def write(rows: dict[str, dict[str, Any]]) -> None:
    """Puts rows into docs/loadtest.json beside those of other kinds, and all as tables into docs/loadtest.md."""
    file = DOCS / "loadtest.json"
    known = json.loads(file.read_text("utf-8")) if file.exists() else {}
    known |= rows
    file.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
    lines = ["# Load", "", "Made by `make loadtest`: what is done and counted is said in `tools/loadtest.py`. Speeds and latencies are of the"
             " machine named with them; counts and errors decide.", ""]  # fmt: skip
    for kind, row in known.items():
        lines += [f"## {HEADINGS[kind]}", "", f"`{row['command']}`. {row['conditions']}.", "", "| | |", "|---|---|"]
        lines += [f"| {name} | {value} |" for name, value in table(kind, row)]
        lines += [""]
    (DOCS / "loadtest.md").write_text("\n".join(lines), "utf-8")


def table(kind: str, row: dict[str, Any]) -> list[tuple[str, str]]:
    """What a row says: name, value."""
    errors = ", ".join(f"{name} {count}" for name, count in row["errors"].items()) or "0"
    back = (
        f"{shown(row['after'])}, after {row['back_s']} s"
        if row["back_s"] is not None
        else f"{shown(row['after'])}: not in time"
    )
    if kind == "flood":
        sent = f"{row['visitors']} visitors, {row['files']} files of {row['file_mb']} MB each, all at once"
        taken = [(f"through {name}", f"{row[name]['accepted']} taken, {row[name]['refused']} refused ({row[name]['statuses']})")
                 for name in ("uploader", "bare route")]  # fmt: skip
        return [("sent", sent), *taken, ("errors", errors), ("slowest answer of the health check", f"{row['slowest_health_s']} s"),
                ("server before", shown(row["begin"])), ("most memory", f"{row['peak_mb']:.0f} MB"), ("after all had left", back)]  # fmt: skip
    rates = row["steps_a_second"]
    return [
        ("browsers", f"{row['clients']} for {row['seconds'] / 60:.1f} min, seed {row['seed']}"),
        ("sessions", f"{row['sessions']:,}"),
        ("reruns", f"{row['page']:,} pages, {row['refresh']:,} refreshes, {row['widget']:,} by a widget; of {row.get('untold', 0)} pages "
         "the end came untold, seen by what followed"),
        ("received", f"{row['messages']:,} messages and {row['requests']:,} files, {row['bytes'] / 2**20:,.0f} MB"),
        ("errors", errors),
        *((f"{name}: p50, p95, p99", " / ".join(f"{times.get(key, 0):.2f} s" for key in ("p50", "p95", "p99")))
          for name, times in row["latency_s"].items() if times["count"]),
        *((f"{name}, messages: p50, p95, p99", " / ".join(f"{sizes[key]:,.0f} kB" for key in ("p50", "p95", "p99")))
          for name, sizes in row.get("kilobytes", {}).items() if sizes["count"]),
        *([("server's processor time", f"{row['server']['processor_share']:.2f} of a core, {row['server']['ms_a_rerun']:.0f} ms a rerun")]
          if "server" in row else []),
        ("training", f"{rates['with all']:.2f} steps/s; alone {rates['alone before']:.2f} before, {rates['alone after']:.2f} after: "
         f"ratio {row['ratio']:.2f} (the browsers themselves took {row['clients_processor_share']:.2f} of a core)"),
        ("server at the beginning", shown(row["begin"])), ("in the middle", shown(row["middle"])), ("at the end", shown(row["end"])),
        ("after all had left", back),
    ]  # fmt: skip


def shown(sample: dict[str, float]) -> str:
    """A sample in words."""
    return f"{sample['memory_mb']:.0f} MB, {sample['threads']:.0f} threads, {sample['files']:.0f} open files"


def percentiles(values: list[float]) -> dict[str, float]:
    """How many there are, and the times that 50, 95 and 99 of 100 stay below."""
    if not values:
        return {"count": 0}
    ordered = sorted(values)
    return {"count": len(ordered)} | {
        f"p{share}": round(ordered[min(len(ordered) - 1, len(ordered) * share // 100)], 3) for share in (50, 95, 99)
    }


def passed(row: dict[str, Any]) -> bool:
    """Whether there was no error and all was given back in time."""
    return not row["errors"] and row["back_s"] is not None and row["sessions_after"] == 0

"""Every committed table has its command, and every command exists."""

from __future__ import annotations

import re

import pytest

from gan_core.config.settings import PROJECT_DIR
from tools import evidence

RESULTS = ("docs/*.json", "docs/*.md", "gan_core/**/data/*.json", "gan_core/**/data/*.csv", "benchmarks/**/*.json")


def test_every_committed_result_is_listed() -> None:
    listed = {path for table in evidence.TABLES for path in table.paths()}
    found = {path for pattern in RESULTS for path in PROJECT_DIR.glob(pattern)}
    assert len(found) > 10
    assert sorted(found - listed - {PROJECT_DIR / name for name in evidence.WRITTEN}) == []


@pytest.mark.parametrize("table", [table for table in evidence.TABLES if table.paths()], ids=lambda table: table.shows)
def test_the_command_of_a_table_exists(table: evidence.Table) -> None:
    """A table that is not there yet may name a command that is not there yet."""
    kind, name = re.fullmatch(r"(make|python -m|python) (\S+).*", table.command).groups()  # type: ignore[union-attr]
    if kind == "make":
        assert re.search(rf"^{re.escape(name)}:", (PROJECT_DIR / "Makefile").read_text("utf-8"), re.MULTILINE)
    else:
        file = PROJECT_DIR / (name.replace(".", "/") + ".py" if kind == "python -m" else name)
        file = file if file.exists() else file.with_suffix("") / "__main__.py"
        assert '__name__ == "__main__"' in file.read_text("utf-8")


def test_the_list_is_printed_with_dates_and_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = evidence.Table("nothing", ("docs/no-such.json",), "make no-such", "never")
    monkeypatch.setattr(evidence, "TABLES", (*evidence.TABLES, missing))
    evidence.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + len(evidence.TABLES)
    assert lines[-1] == "| nothing | docs/no-such.json | `make no-such` | not yet | never |"
    drill = next(line for line in lines if "`make crash-drill`" in line)
    assert re.search(r"\| \d{4}-\d\d-\d\d \|", drill)  # the drill's own date

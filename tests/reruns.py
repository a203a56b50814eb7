"""Hooks for tests that are tried again: the second try finds fresh folders and servers, and the first one's reason is printed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: pytest.TestReport = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before the plugin that tries again keeps the shared fixtures alive
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """After a failure ends what its module shares too: what the failed try left there is not there for the next."""
    try:
        if item.stash.get(_failed, False):
            item.session._setupstate.teardown_exact(item.session)
    finally:
        result = yield
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"RERUN {report.nodeid}", "-", yellow=True)
        terminalreporter.write_line(report.longreprtext)

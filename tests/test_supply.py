"""What is installed is pinned, bounded, licensed and listed: requirements.txt, the lock, the licences and the SBOM agree."""

from __future__ import annotations

import contextlib
import json
import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gan_core.config.settings import PROJECT_DIR
from tools import supply

WANTED = [
    Requirement(line)
    for line in (PROJECT_DIR / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: wanted.name)
def test_the_lock_has_each_requirement_within_its_bounds(wanted: Requirement) -> None:
    versions = [version for name, version in supply.pinned() if name == canonicalize_name(wanted.name)]
    assert versions and all(wanted.specifier.contains(version) for version in versions)
    assert any(bound.operator == "<" for bound in wanted.specifier)


def test_the_lock_has_all_that_its_packages_need_in_turn() -> None:
    """As the installed packages say; of one that is not installed on this system nothing is known."""
    pinned = dict(supply.pinned())
    seen, left = set[str](), list(WANTED)
    while left:
        wanted = left.pop()
        name = canonicalize_name(wanted.name)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        assert name in pinned and wanted.specifier.contains(pinned[name], prereleases=True), str(wanted)
        if name not in seen:
            seen.add(name)
            with contextlib.suppress(PackageNotFoundError):
                left += map(Requirement, distribution(name).requires or ())
    assert len(seen) > 60


def test_each_pinned_package_has_hashes_and_comes_from_no_named_place() -> None:
    text = supply.LOCK.read_text(encoding="utf-8")
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(supply.pinned()) > 100
    for entry in entries:
        head, *hashes = [line.strip().removesuffix("\\").strip() for line in entry.splitlines()]
        assert hashes and all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes), head
    assert not re.search(r"://|--index|--find-links| @ ", text)


def test_the_list_of_licences_misses_no_package_and_none_is_under_the_gpl() -> None:
    rows = supply.ROW.findall(supply.LICENCES.read_text(encoding="utf-8"))
    assert [(name, version) for name, version, _licence in rows] == supply.pinned()
    assert [row for row in rows if re.search("GPL|GNU|unknown", row[2], re.IGNORECASE)] == []


def test_the_bill_of_materials_is_the_one_that_is_made_now() -> None:
    text = supply.SBOM.read_text(encoding="utf-8")
    assert text == supply.sbom()
    components = json.loads(text)["components"]
    assert [(part["name"], part["version"]) for part in components] == supply.pinned()
    assert "://" not in text


def test_a_package_without_a_licence_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="no-such-package is not installed"):
        supply.licence("no-such-package")

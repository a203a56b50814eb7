"""What Ganvas is installed with: writes docs/licences.md and docs/sbom.cdx.json from requirements.lock.

    python tools/supply.py        after a change of requirements.lock, in an environment that was installed from it

Licences are what the installed packages say of themselves. The bill of materials (CycloneDX 1.6) is made of the lock and of
that list alone, so that it is the same wherever it is made.
"""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

PROJECT_DIR = Path(__file__).resolve().parents[1]
LOCK, LICENCES, SBOM = (PROJECT_DIR / name for name in ("requirements.lock", "docs/licences.md", "docs/sbom.cdx.json"))
PINNED = re.compile(r"^([a-z0-9-]+)==([^ ;]+)", re.MULTILINE)
ROW = re.compile(r"^\| ([a-z0-9-]+) \| (\d[^|]*) \| ([^|]+) \|$", re.MULTILINE)
SAID_ELSEWHERE = {  # installed on other systems only, or silent in their metadata: as their wheels' licence files say
    "colorama": "BSD-3-Clause",
    "cuda-toolkit": "LicenseRef-NVIDIA-Proprietary",
    "httpx2-jsfetch": "BSD-3-Clause",
    "scipy": "BSD-3-Clause",
}
HEAD = """# Licences of what Ganvas is installed with

Ganvas is Apache-2.0 and ships one package of others, onnxruntime-web (MIT, in gan_core/report/onnxruntime_web): `pip` fetches those of [requirements.lock](../requirements.lock), each from its
own authors. Whoever passes on an installation, as a container image say, passes them on too:

- None is under the GPL or LGPL. PyAV was left out for that: its wheel bundles FFmpeg built with libx264 and libx265 (GPL), so that
  an image with it would have been a GPL work. Films are AV1, encoded by libaom (BSD-2-Clause, with the Alliance for Open Media's patent
  licence) in Pillow's wheel.
- numpy, scipy and scikit-learn bundle GCC's run-time libraries (GPL with the run-time exception, which asks nothing of the program).
- certifi and tqdm are under the MPL-2.0: their own files stay under it.
- On Linux, torch brings NVIDIA's CUDA libraries. They are proprietary and may be passed on only as NVIDIA's terms allow; the CPU build of
  torch does without them.

`python tools/supply.py` writes this list; it is what each package's metadata says.

| package | version | licence |
|---|---|---|
"""


def pinned() -> list[tuple[str, str]]:
    """(name, version) of every package in the lock file, in its order."""
    return PINNED.findall(LOCK.read_text(encoding="utf-8"))


def licence(name: str) -> str:
    """The licence that an installed package states, on one line.

    Raises:
        ValueError: it is not installed or states none, and SAID_ELSEWHERE does not have it.
    """
    if name in SAID_ELSEWHERE:
        return SAID_ELSEWHERE[name]
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        raise ValueError(f"{name} is not installed: install requirements.lock, or add it to SAID_ELSEWHERE.") from None
    said = about.get("License-Expression") or about.get("License") or ""
    if not said or "\n" in said or said.startswith("Copyright"):
        found = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
        said = "; ".join(found)
    if not said:
        raise ValueError(f"{name} states no licence: read its wheel and add it to SAID_ELSEWHERE.")
    return said


def licences_page() -> str:
    """docs/licences.md. Raises ValueError as `licence`."""
    return HEAD + "".join(f"| {name} | {version} | {licence(name)} |\n" for name, version in pinned())


def sbom() -> str:
    """docs/sbom.cdx.json, from the lock and docs/licences.md."""
    stated = {(name, version): text for name, version, text in ROW.findall(LICENCES.read_text(encoding="utf-8"))}
    project = (PROJECT_DIR / "pyproject.toml").read_text(encoding="utf-8")
    version = re.findall(r'^version = "(.+)"$', project, re.MULTILINE)[0]
    root = {"type": "application", "bom-ref": "ganvas", "name": "ganvas", "version": version, **_licences("Apache-2.0")}
    components = [
        {"type": "library", "bom-ref": _purl(*package), "name": package[0], "version": package[1]}
        | {"purl": _purl(*package), **_licences(stated[package])}
        for package in pinned()
    ]
    text = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": root}}
    return json.dumps({**text, "components": components}, indent=1) + "\n"


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def _licences(text: str) -> dict[str, Any]:
    """Stated as it is: most are SPDX expressions, some only words."""
    return {"licenses": [{"license": {"name": text}}]}


def main() -> None:
    """Writes both."""
    LICENCES.write_text(licences_page(), encoding="utf-8")
    SBOM.write_text(sbom(), encoding="utf-8")


if __name__ == "__main__":
    main()

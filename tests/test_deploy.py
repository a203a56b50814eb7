"""Dockerfile, compose file, proxy, unit and classroom guide name what there is: paths, commands, options, settings."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from streamlit import config
from typer.main import get_command

from gan_core.cli.main import app
from gan_core.config.settings import PROJECT_DIR, SETTINGS

DOCKERFILE, COMPOSE = PROJECT_DIR / "Dockerfile", PROJECT_DIR / "deploy" / "compose.yaml"
UNIT, PROXY = PROJECT_DIR / "deploy" / "ganvas.service", PROJECT_DIR / "deploy" / "Caddyfile"
GUIDE = PROJECT_DIR / "docs" / "classroom.md"
ALL = (DOCKERFILE, COMPOSE, UNIT, PROXY, GUIDE, PROJECT_DIR / "README.md", PROJECT_DIR / "SECURITY.md")


def instructions() -> list[tuple[str, str]]:
    """(name, the rest) of each instruction of the Dockerfile."""
    lines = re.sub(r"\\\n", " ", DOCKERFILE.read_text(encoding="utf-8"))
    return [tuple(line.split(maxsplit=1)) for line in lines.splitlines() if line and line[0] != "#"]  # type: ignore[misc]


def check_command(words: list[str]) -> None:
    """`ganvas ...`: its command and its options exist."""
    group = get_command(app)
    assert Path(words[0]).name == "ganvas"
    command = group.commands[words[1]] if len(words) > 1 and not words[1].startswith("-") else group  # type: ignore[attr-defined]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known, words


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_every_setting_that_is_named_is_one(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"\bGANVAS_[A-Z_]*[A-Z]\b", text)) <= SETTINGS.keys()
    known = {option.env_var for option in config.get_config_options().values()}
    assert set(re.findall(r"\bSTREAMLIT_[A-Z_]+\b", text)) <= known


def test_the_image_is_made_of_files_that_exist_and_is_not_run_by_root() -> None:
    told = instructions()
    for name, rest in told:
        if name == "COPY":
            assert all((PROJECT_DIR / source).exists() for source in rest.split()[:-1]), rest
    names = [name for name, _rest in told]
    users = [rest for name, rest in told if name == "USER"]
    (uid,) = [found for _name, rest in told for found in re.findall(r"useradd .*--uid (\d+)", rest)]
    assert users == [uid] and int(uid) > 0 and names.index("USER") < names.index("CMD")
    places = [rest for name, rest in told if name == "VOLUME"]
    settings = re.findall(r"GANVAS_\w+=(\S+)", dict(told)["ENV"])
    assert settings and places == ["/data"] and all(place.startswith("/data/") for place in settings)
    assert "/_stcore/health" in dict(told)["HEALTHCHECK"]
    check_command(yaml.safe_load(dict(told)["CMD"]))
    assert ("ARG", "TORCH=cpu") in told


def test_the_wheel_in_the_image_is_built_from_all_that_it_needs() -> None:
    copied = " ".join(rest for name, rest in instructions() if name == "COPY").split()
    wheel = tomllib.loads((PROJECT_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    data = wheel["tool"]["setuptools"]["package-data"]["ganvas_app"]
    tops = {pattern.split("/")[0] for pattern in data} - {"locales"}  # made by translators
    assert tops <= {name.split("/")[0] for name in copied}
    assert {"app.py", "gan_core", "pyproject.toml", "requirements.txt", "README.md", "LICENSE"} <= set(copied)


def test_the_compose_file_builds_the_image_and_puts_the_proxy_before_it() -> None:
    told = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    ganvas, proxy = told["services"]["ganvas"], told["services"]["proxy"]
    assert (COMPOSE.parent / ganvas["build"]["context"] / "Dockerfile").resolve() == DOCKERFILE
    assert (
        f"{told['name']}_ganvas:/data" in GUIDE.read_text(encoding="utf-8") and ganvas["image"] == "ganvas"
    )  # of its backup
    assert ganvas["volumes"] == ["ganvas:/data"] and "ports" not in ganvas  # only the proxy is reached
    assert (COMPOSE.parent / proxy["volumes"][0].split(":")[0]).is_file()
    assert ganvas["environment"]["FORWARDED_ALLOW_IPS"] == proxy["networks"]["inside"]["ipv4_address"]
    text = PROXY.read_text(encoding="utf-8")
    port = re.search(r"reverse_proxy ganvas:(\d+)", text)
    assert port is not None and ("EXPOSE", port[1]) in instructions()
    limit = re.search(r"max_size (\d+)MiB", text)  # Streamlit counts in these, too
    assert limit is not None and int(limit[1]) > config.get_option("server.maxUploadSize")


def command(name: str) -> str:
    """A program of this environment or of this computer; the test is skipped without it."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return shutil.which(name, path=places) or pytest.skip(f"{name} is not installed here")


def said(*words: str | Path) -> tuple[int, str]:
    """Exit status and all that a program writes."""
    found = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    return found.returncode, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("change", "finding"),
    [(("", ""), ""), (("USER 10001", "USER root"), "DL3002"), (("FROM python:3.12-slim", "FROM python"), "DL3006"),
     (("RUN useradd", "RUN cd $HOME && useradd"), "SC2086")],
)  # fmt: skip
def test_hadolint_finds_nothing_in_the_dockerfile_and_would_find(
    change: tuple[str, str], finding: str, tmp_path: Path
) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(DOCKERFILE.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    status, text = said(command("hadolint"), "--no-color", "--failure-threshold", "style", path)
    assert (status == 0 and text == "") if not finding else (status == 1 and finding in text), text


@pytest.mark.parametrize(("change", "status"), [(("", ""), 0), (("    restart:", "    restarts:"), 1)])
def test_the_compose_file_follows_the_compose_specification(
    change: tuple[str, str], status: int, tmp_path: Path
) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    found, text = said(command("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", path)
    assert found == status, text


@pytest.mark.parametrize(("change", "finding"), [(("", ""), ""), (("\nRestart=", "\nRestarts="), "'Restarts'")])
def test_systemd_has_nothing_to_say_about_the_unit(change: tuple[str, str], finding: str, tmp_path: Path) -> None:
    path = tmp_path / "ganvas.service"
    there = UNIT.read_text(encoding="utf-8").replace("/opt/ganvas/bin/ganvas", sys.executable)  # exists here
    path.write_text(there.replace(*change), encoding="utf-8")
    status, text = said(command("systemd-analyze"), "verify", path)
    assert status == 0 and (finding in text if finding else text == ""), text


@pytest.mark.parametrize(("change", "status"), [(("", ""), 0), (("max_size", "max_bytes"), 1)])
def test_caddy_accepts_its_file(change: tuple[str, str], status: int, tmp_path: Path) -> None:
    path = tmp_path / "Caddyfile"
    text = PROXY.read_text(encoding="utf-8").replace("{$SITE}", "gan.school.example")
    path.write_text(text.replace(*change), encoding="utf-8")
    found, text = said(command("caddy"), "adapt", "--validate", "--adapter", "caddyfile", "--config", path)
    assert found == status, text


def test_the_unit_starts_ganvas_as_a_user_of_its_own() -> None:
    told = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE))
    check_command(shlex.split(told["ExecStart"]))
    assert told["User"] != "root" and told["KillMode"] == "process"


def test_the_commands_of_the_guide_exist() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    commands = re.findall(r"(?:^|`| )((?:/opt/ganvas/bin/)?ganvas (?:[a-z-]+|--)[^`#\n]*)", text, re.MULTILINE)
    checked = [command for command in commands if not command.startswith(("ganvas tar", "ganvas ganvas", "ganvas env"))]
    assert len(checked) > 6
    for command in checked:
        check_command(shlex.split(command))

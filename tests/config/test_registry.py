"""Small things that everything else stands on: tables of names, settings, devices."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_core.config import devices, settings
from gan_core.config.registry import Registry, load

TABLE = Registry("fruit", {"apple": 1, "pear": 2})


def test_an_entry_is_found_by_its_name_in_the_order_it_was_given():
    assert TABLE.find("pear") == TABLE["pear"] == 2
    assert list(TABLE) == ["apple", "pear"] and len(TABLE) == 2 and "apple" in TABLE


@pytest.mark.parametrize("name", ["Apple", "", "plum"])
def test_an_unknown_name_is_refused_with_those_there_are(name):
    with pytest.raises(ValueError, match=rf"Unknown fruit '{name}'\. Choose one of: apple, pear\."):
        TABLE.find(name)


def test_an_entry_that_needs_torch_is_named_by_its_import_path():
    assert load("math:gcd")(6, 4) == 2


def test_settings_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("GANVAS_RUNS_DIR", str(tmp_path / "a"))
    monkeypatch.setenv("GANVAS_CACHE_DIR", "~/b")
    monkeypatch.setenv("GANVAS_PLACE", "thread")
    made = settings.from_environment()
    assert made == settings.Settings(tmp_path / "a", Path.home() / "b", "thread")


def test_settings_have_defaults(monkeypatch):
    for name in ("GANVAS_RUNS_DIR", "GANVAS_CACHE_DIR", "GANVAS_PLACE"):
        monkeypatch.delenv(name, raising=False)
    made = settings.from_environment()
    assert made.place == "process"
    assert made.runs_dir == settings.PROJECT_DIR / "checkpoints" / "runs"


def test_a_setting_that_makes_no_sense_is_refused(monkeypatch):
    monkeypatch.setenv("GANVAS_PLACE", "vm")
    with pytest.raises(ValueError, match="GANVAS_PLACE must be one of: process, thread, slurm; got 'vm'"):
        settings.from_environment()
    monkeypatch.setenv("GANVAS_PLACE", "thread")
    monkeypatch.setenv("GANVAS_RUNS_DIR", "~nobody-of-this-name/runs")
    with pytest.raises(ValueError, match="The folder '~nobody-of-this-name/runs' cannot be found"):
        settings.from_environment()


def test_this_machine_has_a_cpu_and_is_the_same_after_json():
    machine = devices.detect()
    assert machine.devices[-1] == "cpu" and machine.threads == max(1, devices.usable_cores() - 1)
    assert len(machine.devices) == len(machine.labels) and set(machine.bf16_devices) <= set(machine.devices)
    assert devices.Machine.from_dict(machine.to_dict()) == machine

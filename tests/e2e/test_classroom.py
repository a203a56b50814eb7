"""A classroom in a real browser: a viewer watches, students train what is theirs, a teacher stops all; nobody else gets in."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from access_helpers import CODE, PIN
from helpers import eventually
from playwright.sync_api import Browser, Page, expect

from gan_core import runs
from gan_core.access import classroom
from tests.e2e.app_helpers import (
    SLOW_MS,
    Lab,
    button,
    main_part,
    open_page,
    photograph,
    sign_in,
    title,
    visitor,
    wait_for_state,
)
from tests.e2e.browser import ROOT, Server, free_port

pytestmark = pytest.mark.e2e
HOME = "Watch a neural network learn to draw"
MARKER = "hf_marker0123456789"


@pytest.fixture(scope="module")
def server(class_lab: Lab) -> Iterator[Server]:
    with Lab(class_lab.folder, class_lab.folder / "cache", {**class_lab.env, "HF_TOKEN": MARKER}).serve() as running:
        yield running


def stop(page: Page, server: Server, run: runs.Run) -> None:
    open_page(page, server, f"/run?run={run.id}", run.name)
    button(page, "Stop").click(timeout=SLOW_MS)


def test_everybody_may_do_what_the_table_says(browser: Browser, class_lab: Lab, server: Server) -> None:
    lab = class_lab
    with visitor(browser) as (viewer, faults):
        open_page(viewer, server, "/", HOME)
        expect(viewer.get_by_test_id("stSidebar").get_by_text("You are watching.")).to_be_visible()
        open_page(viewer, server, "/train", "Train a model")
        button(viewer, "Start training").click()
        expect(
            main_part(viewer).get_by_text("Only students and teachers of this class may start training")
        ).to_be_visible(timeout=SLOW_MS)
        photograph(viewer, "classroom-viewer")
        assert runs.list_runs(lab.runs_dir) == []

        with visitor(browser) as (anna, annas):
            sign_in(anna, server, "wrong-code", "Anna", "annas-code")
            expect(anna.get_by_role("alert")).to_contain_text("neither the class code")
            anna.screenshot(path=ROOT / "test-artifacts" / "classroom-sign-in.png")
            annas.found.clear()  # the browser reports the refusal's 403
            sign_in(anna, server, CODE, "Anna", "annas-code")
            expect(title(anna, HOME)).to_be_visible(timeout=SLOW_MS)
            expect(anna.get_by_test_id("stSidebar").get_by_text("Signed in as Anna")).to_be_visible()
            cookies = {cookie["name"]: cookie for cookie in anna.context.cookies()}
            assert cookies["ganvas_session"]["httpOnly"] and cookies["ganvas_session"]["sameSite"] == "Strict"
            open_page(anna, server, "/train", "Train a model")
            button(anna, "Start training").click()
            expect(anna).to_have_url(re.compile("/run"), timeout=SLOW_MS)
            run = lab.newest()
            assert classroom.students()[run.owner] == "Anna"
            eventually(lambda: run.status().step > 2, "Anna's run trains")

            marked = [
                process.pid
                for process in [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
                if MARKER in str(process.environ()) + str(process.cmdline())
            ]
            assert marked == [server.pid]  # no process that trains or computes has the Hub's token

            stop(viewer, server, run)
            expect(viewer.get_by_text("Only teachers may change")).to_be_visible(timeout=SLOW_MS)
            with visitor(browser) as (ben, _):
                sign_in(ben, server, CODE, "Ben", "bens-code")
                expect(title(ben, HOME)).to_be_visible(timeout=SLOW_MS)
                stop(ben, server, run)
                expect(ben.get_by_text("Only teachers may change")).to_be_visible(timeout=SLOW_MS)
                assert run.control().command == "run"
                ben.goto(f"{server.url}/sign-out")
                expect(ben.get_by_test_id("stSidebar").get_by_text("You are watching.")).to_be_visible(timeout=SLOW_MS)

            with visitor(browser) as (teacher, _):
                sign_in(teacher, server, PIN)
                expect(title(teacher, "Your class")).to_be_visible(timeout=SLOW_MS)
                stop(teacher, server, run)
                wait_for_state(run, "stopped")
        faults.check()
    for file in lab.folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert MARKER.encode() not in content and PIN.encode() not in content, file


def test_a_server_that_others_can_reach_wants_a_classroom(tmp_path: Path) -> None:
    for address in ("0.0.0.0", ""):
        command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={free_port()}"]
        env = os.environ | {"GANVAS_CLASSROOM": str(tmp_path / "none.json"), "GANVAS_RUNS_DIR": str(tmp_path)}
        command += ["--server.headless=true", f"--server.address={address}"]
        ended = subprocess.run(command, check=False, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
        assert ended.returncode != 0
        assert "others can reach it" in ended.stderr and "python -m gan_core classroom" in ended.stderr
        assert "Traceback" not in ended.stderr

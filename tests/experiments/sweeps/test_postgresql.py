"""A sweep over machines through PostgreSQL: workers share its trials, one that is killed loses none, and the password stays out."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers import eventually
from sweep_helpers import folder_of, small, worker

from gan_core import runs
from gan_core.config import settings
from gan_core.experiments.sweeps.folder import find_or_none
from gan_core.experiments.sweeps.plan import listed
from gan_core.experiments.sweeps.storage import open_storage
from gan_core.experiments.sweeps.table import rows_of

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
PASSWORD = "never-to-be-seen"
processes = multiprocessing.get_context("forkserver")


def binary(name: str) -> str:
    """A program of PostgreSQL; Debian keeps the server's out of PATH."""
    found = shutil.which(name) or next((str(p) for p in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), "")
    if not found:
        pytest.skip(f"PostgreSQL's {name} is not installed (Debian: apt-get install postgresql)")
    return found


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server of this test's own."""

    port: int
    folder: Path

    @property
    def address(self) -> str:
        return f"postgresql://ganvas:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    @property
    def bare(self) -> str:
        return f"postgresql://ganvas@127.0.0.1:{self.port}/postgres"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    initdb, postgres = binary("initdb"), binary("postgres")
    folder = Path(tempfile.mkdtemp(prefix="ganvas-postgresql-"))
    (folder / "password").write_text(PASSWORD)
    own = {"user": "postgres"} if os.getuid() == 0 else {}  # it refuses to run as root
    if own:
        for path in (folder, folder / "password"):
            shutil.chown(path, "postgres")
    make = [initdb, "-D", str(folder / "data"), "-U", "ganvas", "--auth=scram-sha-256", f"--pwfile={folder}/password"]
    subprocess.run(make, check=True, capture_output=True, cwd=folder, **own)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [postgres, "-D", str(folder / "data"), *options], stdout=log, stderr=log, cwd=folder, **own
        )
    made = Server(port, folder)

    def answers() -> bool:
        try:
            psycopg.connect(made.address, connect_timeout=2).close()
        except psycopg.OperationalError:
            assert process.poll() is None, (folder / "log").read_text()
            return False
        return True

    eventually(answers, "PostgreSQL answers")
    yield made
    process.send_signal(signal.SIGINT)  # ends the connections, too
    process.wait(30)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def address(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server's address, with tables of this test's own."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return server.address


def work(runs_path: str, cache: str, password: str, begin, kill_at: int) -> None:
    """One machine's worker, which opens the sweep as it is written down; it kills itself at its n-th look at the order."""
    os.environ |= {"GANVAS_CACHE_DIR": cache, "PGPASSWORD": password}
    folder = find_or_none(Path(runs_path), "small")
    assert folder is not None
    looks = [0]

    def stopping() -> bool:
        looks[0] += 1
        if looks[0] == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    begin.wait(60)
    worker(folder, stopping=stopping).work()


@pytest.mark.slow
def test_two_workers_of_which_one_is_killed_train_every_trial_once(runs_dir: Path, address: str) -> None:
    folder = folder_of(runs_dir, small(listed("training.seed", [0, 1, 2, 3])), address)
    begin = processes.Event()
    shared = (str(runs_dir), str(settings.cache_dir()), PASSWORD, begin)
    dying = processes.Process(target=work, args=(*shared, 9))
    living = processes.Process(target=work, args=(*shared, 0))
    dying.start()
    living.start()
    begin.set()
    dying.join(120)
    living.join(120)
    assert (dying.exitcode, living.exitcode) == (-signal.SIGKILL, 0)
    rows = rows_of(folder.study())
    assert [row.state for row in rows] == ["done"] * 4
    assert sorted(row.attempt for row in rows) == [0, 0, 0, 1]  # the killed worker's, once more
    made = runs.list_runs(runs_dir)
    assert {row.run_id for row in rows} == {run.id for run in made} and len(made) == 4
    for run in made:
        kinds = [event["type"] for event in run.events() if event["type"] != "checkpoint"]
        assert kinds in (["started", "finished"], ["started", "resumed", "finished"])


def test_the_password_is_in_no_file_and_no_sentence(runs_dir: Path, address: str, server: Server, monkeypatch) -> None:
    folder = folder_of(runs_dir, small(), address)
    again = find_or_none(runs_dir, folder.id)
    assert again is not None and again.storage == server.bare
    assert len(rows_of(again.study())) == 2  # with PGPASSWORD
    texts = [path.read_bytes() for path in runs_dir.rglob("*") if path.is_file()]
    assert texts and not any(PASSWORD.encode() in text for text in texts)
    monkeypatch.delenv("PGPASSWORD")
    with pytest.raises(ValueError, match=r"password.*Give the password in --storage, in PGPASSWORD or in ~/\.pgpass"):
        again.study()
    with pytest.raises(ValueError, match="cannot be reached or used") as refusal:
        open_storage(server.bare.replace("ganvas@", "ganvas:wrong-secret@"))
    assert "wrong-secret" not in str(refusal.value)

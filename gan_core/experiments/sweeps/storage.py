"""Where a sweep's study is stored: a journal file that several machines may share, or a database.

A journal is one line an event, appended under a lock file that also holds on network disks (NFS version 3 or later). A database's
password comes with the address, or from where its driver looks for one (PGPASSWORD, ~/.pgpass); it is never written down.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_core.runs import files

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from sqlalchemy import Engine

LOCK_GRACE_S = 30  # the lock file of a killed process is removed after this time
CONNECT_S = 10
MAKING_ATTEMPTS = 6
DRIVERS = {"psycopg2": "psycopg[binary]", "MySQLdb": "mysqlclient", "psycopg": "psycopg[binary]", "pymysql": "pymysql"}


def open_storage(address: str) -> BaseStorage:
    """The storage at an address: the path of a journal file, or a database such as `postgresql://...`.

    Raises:
        ValueError: if it cannot be reached, read or written; without the password.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with reachable(address):
        return _database(address) if "://" in address else _journal(Path(address).expanduser())


@contextmanager
def reachable(address: str) -> Iterator[None]:
    """Converts the errors of a storage.

    Raises:
        ValueError: if it cannot be reached, read or written.
    """
    from sqlalchemy import exc

    shown = without_password(address)
    try:
        yield
    except ImportError as missing:
        module = str(getattr(missing, "name", None) or getattr(missing.__cause__, "name", None) or "")
        package = DRIVERS.get(module.partition(".")[0], module or "the one that its address names")
        raise ValueError(f"The storage {shown} needs a driver that is not installed; install {package}.") from None
    except (exc.ArgumentError, exc.NoSuchModuleError):
        raise ValueError(
            f"'{shown}' is not a storage address. Give a file (/shared/sweep.log), or a database (sqlite:////folder/x.db, "
            "postgresql://user:password@host/name)."
        ) from None
    except exc.SQLAlchemyError as failure:
        cause = str(getattr(failure, "orig", None) or type(failure).__name__).strip().splitlines()[0]
        needed = (
            " Give the password in --storage, in PGPASSWORD or in ~/.pgpass." if "password" in cause.lower() else ""
        )
        raise ValueError(f"The storage {shown} cannot be reached or used ({cause:.200}).{needed}") from None
    except OSError as failure:
        raise ValueError(f"The storage {shown} cannot be used ({failure.strerror or failure}).") from None
    except (json.JSONDecodeError, KeyError, UnicodeDecodeError) as damage:
        if "://" in address:
            raise
        raise ValueError(f"The storage {shown} is damaged, or not a sweep's journal ({damage}).") from None


def without_password(address: str) -> str:
    """The address of a storage with its password masked."""
    if "://" not in address:
        return address
    scheme, _, rest = address.partition("://")
    login, at, host = rest.rpartition("@")
    masked = f"{scheme}://{login.partition(':')[0]}:***@{host}" if at and ":" in login else address
    return re.sub(r"([?&]password=)[^&]*", r"\1***", masked)


def to_keep(address: str) -> str:
    """The address of a storage without its password, as it may be written down."""
    if "://" not in address:
        return address
    bare = without_password(address).replace(":***@", "@", 1)
    return re.sub(r"([?&])password=\*\*\*(&|$)", lambda found: found[1] if found[2] else "", bare)


def _database(address: str) -> BaseStorage:
    from optuna.storages import RDBStorage, get_storage
    from sqlalchemy import exc
    from sqlalchemy.engine import make_url

    url = make_url(address)
    if url.drivername == "postgresql" and not find_spec("psycopg2"):
        url = url.set(drivername="postgresql+psycopg")
    kind = url.get_backend_name()
    options: dict[str, Any] = {"sqlite": {"timeout": 60}, "postgresql": {"connect_timeout": CONNECT_S}}.get(kind, {})
    for name in ("alembic", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.WARNING)

    def connected() -> BaseStorage:
        database = RDBStorage(
            url.render_as_string(hide_password=False), engine_kwargs={"connect_args": options, "pool_pre_ping": True}
        )
        if kind == "sqlite":
            _lock_from_the_start(database.engine)
        return get_storage(database)

    for _attempt in range(MAKING_ATTEMPTS):
        try:
            return connected()
        except (exc.IntegrityError, exc.OperationalError, exc.ProgrammingError) as failure:
            if not any(word in str(failure).lower() for word in ("exist", "unique", "duplicate", "locked")):
                raise
            time.sleep(0.5)  # another process makes the same tables this very moment
    return connected()


def _lock_from_the_start(engine: Engine) -> None:
    """Lets every transaction of an SQLite engine take the write lock before it reads.

    SQLite has no SELECT ... FOR UPDATE, on which Optuna's claims rest: two processes may read one trial as waiting before
    either writes that it runs, and both then train it.
    """
    from sqlalchemy import event

    engine.dispose()  # connections from now on leave the beginning of a transaction to us
    event.listen(engine, "connect", lambda connection, _record: setattr(connection, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))


def _journal(path: Path) -> BaseStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    class RepairingLock:
        """A lock that first repairs the journal's last line, which a killed process may have left incomplete."""

        def __init__(self) -> None:
            self._inner = JournalFileOpenLock(str(path), grace_period=LOCK_GRACE_S)

        def acquire(self) -> bool:
            taken = self._inner.acquire()
            files.repair_tail(path)
            return taken

        def release(self) -> None:
            self._inner.release()

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab"):  # fails now rather than at the tenth trial where it cannot be written
        pass
    return JournalStorage(JournalFileBackend(str(path), lock_obj=RepairingLock()))  # type: ignore[arg-type]

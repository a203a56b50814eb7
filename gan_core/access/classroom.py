"""A classroom: a teacher's PIN, a class code, what students may use, and signed sessions.

    classroom.json    hashes, limits, the key that signs sessions; readable by the server's user only
    students.json     beside it: id -> name and hash of the student's own code

Codes are kept as salted scrypt hashes and compared in constant time. `sign_in` counts wrong ones over all sessions.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import threading
import time
import unicodedata
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock
from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gan_core.access import ALONE, VIEWER, Actor, Refused, Role, current, may
from gan_core.config import read_bounded, read_strictly
from gan_core.config.settings import data_dir, folder, text

SESSION_S = 12 * 3600
MIN_CODE, MAX_CODE, MAX_NAME, MAX_STUDENTS = 6, 100, 40, 500
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that looks like something else


class StudentLimits(BaseModel):
    """What one student may use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(default=50_000, gt=0)
    weights: int = Field(default=30_000_000, gt=0)
    image_size: int = Field(default=64, gt=0)
    batch_size: int = Field(default=512, gt=0)
    gigabytes: float = Field(default=4.0, gt=0)
    waiting: int = Field(default=3, gt=0)
    tasks: int = Field(default=4, gt=0)


class Classroom(BaseModel):
    """The content of classroom.json.

    Attributes:
        key: signs sessions; another one ends them all.
        pin, code: hashes of the teacher's PIN and of the class code.
        folders: folders of the server's disk that everybody may train on.
        teachers: e-mail addresses that are teachers when signed in by OpenID Connect.
        limits: of each student.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(min_length=32)
    pin: str
    code: str
    folders: tuple[str, ...] = ()
    teachers: tuple[str, ...] = ()
    limits: StudentLimits = StudentLimits()


def path() -> Path:
    """Where classroom.json is, as GANVAS_CLASSROOM says; it may not exist."""
    return folder(text("GANVAS_CLASSROOM"))


def read() -> Classroom | None:
    """The classroom of this installation; None without one.

    Raises:
        ValueError: classroom.json is damaged. A server must not take that for "no classroom".
    """
    try:
        content = read_bounded(path())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"{path()} cannot be read ({error.strerror}). Give the server's user access to it.") from error
    try:
        return Classroom.model_validate_json(content)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"])) or "its content"
        raise ValueError(
            f"{path()} is damaged ({place}). Create the classroom again: python -m gan_core classroom."
        ) from error


def make(pin: str, code: str = "", folders: tuple[str, ...] = (), limits: StudentLimits | None = None) -> str:
    """Writes classroom.json; all sessions end. Returns the class code.

    Args:
        pin: of the teacher, at least MIN_CODE characters.
        code: of the class; "" for a new random one.
        folders: that everybody may train on.
        limits: of each student.

    Raises:
        ValueError: a PIN or code that is too short or long, both alike, a folder that is missing, or an unwritable disk.
    """
    code = code or "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(2))
    _checked_code(pin, "PIN")
    _checked_code(code, "class code")
    if _plain(pin) == _plain(code):
        raise ValueError(
            "The PIN and the class code are the same: every student would be a teacher. Choose another PIN."
        )
    missing = next((name for name in folders if not folder(name).is_dir()), None)
    if missing is not None:
        raise ValueError(f"There is no folder '{missing}'.")
    made = Classroom(
        key=secrets.token_hex(32), pin=_hash(pin), code=_hash(code),
        folders=tuple(str(folder(name)) for name in folders), limits=limits or StudentLimits(),
    )  # fmt: skip
    _write(path(), made.model_dump_json(indent=1))
    return code


def remove() -> None:
    """Removes classroom.json and students.json: the lab is for one person at this computer again."""
    path().unlink(missing_ok=True)
    _students_path().unlink(missing_ok=True)


@dataclass
class Attempts:
    """Counts wrong codes: so many from one address, and so many from all together, in a time. Only the latter count where
    the address is "", whose people cannot be told apart.

    Attributes:
        each, together: how many wrong codes.
        window_s: the time.
        clock: seconds.
    """

    each: int = 6
    together: int = 60
    window_s: float = 300.0
    clock: Callable[[], float] = time.monotonic
    _wrong: deque[tuple[float, str]] = field(default_factory=deque)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def check(self, address: str) -> None:
        """Raises Refused if this address, or all together, have sent too many wrong codes."""
        with self._guard:
            while self._wrong and self._wrong[0][0] <= self.clock() - self.window_s:
                self._wrong.popleft()
            mine = sum(a == address != "" for _, a in self._wrong)
            if mine >= self.each or len(self._wrong) >= self.together:
                minutes = -(-(self._wrong[0][0] + self.window_s - self.clock()) // 60)
                raise Refused(f"Too many wrong codes. Try again in {minutes:.0f} min.")

    def wrong(self, address: str) -> None:
        """Counts one."""
        with self._guard:
            self._wrong.append((self.clock(), address))


ATTEMPTS = Attempts()


def sign_in(code: str, name: str = "", own: str = "", *, address: str = "", attempts: Attempts = ATTEMPTS) -> str:
    """A session for whoever knows the teacher's PIN, or the class code and their own code.

    Args:
        code: the PIN or the class code.
        name: of a student.
        own: the student's own code; the first time it is chosen, later it must be the same.
        address: whom wrong codes are counted for; "" where many may share one.
        attempts: their counter.

    Returns:
        The session's token.

    Raises:
        Refused: wrong codes, too many of them, a name or own code that cannot be used, or no classroom.
    """
    room = read()
    if room is None:
        raise Refused("This server has no classroom: nobody needs to sign in.")
    attempts.check(address)
    if _matches(code, room.pin):
        return _token(room, Actor("teacher", "", Role.TEACHER))
    if not _matches(code, room.code):
        attempts.wrong(address)
        raise Refused("This is neither the class code nor the teacher's PIN.")
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Refused(f"Enter your name: 1 to {MAX_NAME} printable characters.")
    with FileLock(_students_path().with_suffix(".lock"), timeout=10):
        students = _students()
        key = _student(students, name) or secrets.token_hex(4)
        known = students.setdefault(key, {"name": name, "code": ""})
        if not known["code"]:
            if len(students) > MAX_STUDENTS:
                raise Refused(f"This class has {MAX_STUDENTS} students already. Ask your teacher.")
            try:
                _checked_code(own, "own code")
            except ValueError as refusal:
                raise Refused(str(refusal)) from None
            known["code"] = _hash(own)
            _write(_students_path(), json.dumps(students, indent=1))
        elif not _matches(own, known["code"]):
            attempts.wrong(address)
            raise Refused(f"'{name}' has another code of their own. If this is not you, choose another name.")
    return _token(room, Actor(key, known["name"], Role.STUDENT))


def forget_student(name: str) -> None:
    """Lets a student choose a new own code at the next sign-in.

    Raises:
        ValueError: there is no such student.
    """
    with FileLock(_students_path().with_suffix(".lock"), timeout=10):
        students = _students()
        key = _student(students, name)
        if key is None:
            raise ValueError(f"There is no student '{name}'.")
        students[key]["code"] = ""
        _write(_students_path(), json.dumps(students, indent=1))


def actor_of(token: str) -> Actor:
    """Whose session this is; a viewer's for a token that is none, too old, or of an earlier classroom."""
    room = read()
    if room is None:
        return ALONE
    try:
        values = _serializer(room).loads(token, max_age=SESSION_S)
        return Actor(str(values["id"]), str(values["name"]), Role(values["role"]))
    except (BadData, ValueError, KeyError, TypeError, RecursionError):
        return VIEWER


def actor_of_claims(claims: Mapping[str, Any]) -> Actor:
    """Whom OpenID Connect has signed in: a teacher by an e-mail address that the provider says is verified, anybody else a student.

    An address that it says nothing about is not enough: with some providers people write it themselves.
    """
    room, email = read(), str(claims.get("email") or "").casefold()
    subject = str(claims.get("sub") or email)
    if room is None or not subject or (email and claims.get("email_verified") is False):
        return VIEWER
    if claims.get("email_verified") is True and email in {address.casefold() for address in room.teachers}:
        return Actor("teacher", "", Role.TEACHER)
    key = hashlib.sha256(f"{claims.get('iss')} {subject}".encode()).hexdigest()[:8]
    return Actor(key, str(claims.get("name") or email)[:MAX_NAME], Role.STUDENT)


def students() -> dict[str, str]:
    """Id -> name of everybody who has signed in with the class code."""
    return {key: one["name"] for key, one in _students().items()}


def check_folder(root: str | Path, actor: Actor | None = None) -> None:
    """Refuses a folder or file of the server's disk that is not for everybody: not below the data that people brought,
    and not below one of the classroom's folders. Teachers may use any.

    Raises:
        Refused: in a sentence that does not say whether the folder exists.
    """
    actor = actor or current()
    room = read()
    if room is None or may("folder", actor):
        return
    try:
        wanted = folder(root)
    except ValueError:
        wanted = Path("/")
    if not any(wanted.is_relative_to(place) for place in (data_dir(), *map(Path, room.folders))):
        shown = ", ".join(room.folders) or "none"
        raise Refused(f"Only teachers may use any folder of this server's disk. Folders for everybody: {shown}.")


def limits_of(actor: Actor | None = None) -> StudentLimits | None:
    """What an actor may use at most; None for all but the students of a classroom. `actor` None is `access.current`."""
    room = read() if (actor or current()).role == Role.STUDENT else None
    return None if room is None else room.limits


def check_share(held: int, actor: Actor | None = None) -> None:
    """Refuses a student who keeps more bytes than the classroom allows.

    Args:
        held: bytes of their runs, or of the data that they brought, with what is in the bin.
        actor: on whose behalf; None for `access.current`.

    Raises:
        Refused: with the limit, the value and what to do.
    """
    limits = limits_of(actor)
    if limits is not None and held / 1e9 > limits.gigabytes:
        raise Refused(
            f"Your files take {held / 1e9:.4g} GB; a student may keep {limits.gigabytes:g} GB. Delete runs or data sets that "
            "you no longer need, and empty your bin, which counts too."
        )


def folder_bytes(folder: Path) -> int:
    """How many bytes the files in a folder have; those that are removed meanwhile have none."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(place) / name).lstat().st_size
    return total


def _student(students: Mapping[str, Mapping[str, str]], name: str) -> str | None:
    return next((key for key, one in students.items() if one["name"].casefold() == name.casefold()), None)


def _students_path() -> Path:
    return path().with_name("students.json")


def _students() -> dict[str, dict[str, str]]:
    try:
        found = read_strictly(_students_path())
        return {str(key): {"name": str(one["name"]), "code": str(one["code"])} for key, one in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(
            "The list of students is damaged. Tell your teacher: students.json is next to classroom.json."
        ) from error


def _token(room: Classroom, actor: Actor) -> str:
    return str(_serializer(room).dumps({"id": actor.id, "name": actor.name, "role": int(actor.role)}))


def _serializer(room: Classroom) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(room.key, salt="ganvas session")


def _checked_code(code: str, what: str) -> None:
    if not MIN_CODE <= len(_plain(code)) <= MAX_CODE:
        raise ValueError(f"The {what} needs {MIN_CODE} to {MAX_CODE} characters; yours has {len(_plain(code))}.")


def _plain(code: str) -> str:
    """A code as it is compared: without blanks and hyphens, and without regard to capitals."""
    return "".join(unicodedata.normalize("NFKC", code).split()).replace("-", "").casefold()


def _hash(code: str, salt: bytes | None = None) -> str:
    salt = salt or secrets.token_bytes(16)
    made = hashlib.scrypt(_plain(code)[: 2 * MAX_CODE].encode(errors="replace"), salt=salt, n=2**14, r=8, p=1)
    return f"{salt.hex()}${made.hex()}"


def _matches(code: str, stored: str) -> bool:
    salt, _, _made = stored.partition("$")
    return hmac.compare_digest(_hash(code, bytes.fromhex(salt) or None).encode(), stored.encode())


def _write(file: Path, content: str) -> None:
    """Writes a file that only this user can read, whole or not at all."""
    aside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        aside.replace(file)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise ValueError(f"{file} cannot be written ({error.strerror or error}).") from error

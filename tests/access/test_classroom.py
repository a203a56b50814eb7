"""Codes, sessions, wrong guesses, folders: who somebody is in a classroom."""

import json
import stat
from pathlib import Path

import pytest
from access_helpers import ANNA, CODE, PIN, TEACHER

from gan_core import access
from gan_core.access import ALONE, VIEWER, Actor, Refused, Role, classroom
from gan_core.access.classroom import Attempts, Classroom, sign_in


def test_the_pin_makes_a_teacher_and_the_class_code_a_student(room: Classroom) -> None:
    assert classroom.actor_of(sign_in(PIN)) == TEACHER
    anna = classroom.actor_of(sign_in(CODE, "Anna", "my-own-code"))
    assert (anna.name, anna.role) == ("Anna", Role.STUDENT)
    assert classroom.actor_of(sign_in("kxq47rmt", " anna ", "My own code")) == anna  # capitals, blanks, hyphens
    assert classroom.actor_of(sign_in(CODE, "Ben", "my-own-code")).id != anna.id
    assert classroom.students()[anna.id] == "Anna"


def test_no_code_is_kept_and_nobody_else_reads_the_files(room: Classroom) -> None:
    sign_in(CODE, "Anna", "my-own-code")
    for name in ("classroom.json", "students.json"):
        file = classroom.path().with_name(name)
        text = file.read_text().casefold()
        assert not any(code.replace("-", "").casefold() in text.replace("-", "") for code in (PIN, CODE, "my-own-code"))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    hashes = [one["code"] for one in json.loads(classroom.path().with_name("students.json").read_text()).values()]
    sign_in(CODE, "Ben", "my-own-code")
    assert (
        len(
            {
                *hashes,
                *(s["code"] for s in json.loads(classroom.path().with_name("students.json").read_text()).values()),
            }
        )
        == 2
    )


@pytest.mark.parametrize(
    ("code", "name", "own", "words"),
    [
        ("wrong-code", "Anna", "my-own-code", "neither the class code"),
        (CODE, "", "my-own-code", "Enter your name"),
        (CODE, "x" * 41, "my-own-code", "Enter your name"),
        (CODE, "a\x00b", "my-own-code", "Enter your name"),
        (CODE, "\ud800", "my-own-code", "Enter your name"),
        (CODE, "Anna", "short", "needs 6 to 100"),
        (CODE, "Taken", "another-code", "another code of their own"),
        ("", "", "", "neither the class code"),
        ("\ud800" * 10, "", "", "neither the class code"),
    ],
)
def test_what_is_refused_says_why(room: Classroom, code: str, name: str, own: str, words: str) -> None:
    sign_in(CODE, "Taken", "taken-code", attempts=Attempts())
    with pytest.raises(Refused, match=words):
        sign_in(code, name, own, attempts=Attempts())


def test_wrong_codes_are_counted_for_an_address_and_for_all_together(room: Classroom) -> None:
    now = [0.0]
    attempts = Attempts(each=3, together=5, clock=lambda: now[0])

    def wrong(address: str) -> str:
        with pytest.raises(Refused) as refusal:
            sign_in("no such code", address=address, attempts=attempts)
        return str(refusal.value)

    assert ["Too many" in wrong("a") for _ in range(4)] == [False, False, False, True]
    with pytest.raises(Refused, match=r"Too many wrong codes. Try again in 5 min."):
        sign_in(PIN, address="a", attempts=attempts)  # the right one too: nothing can be learned
    assert ["Too many" in wrong(address) for address in "bcd"] == [False, False, True]
    now[0] = 300.0
    assert classroom.actor_of(sign_in(PIN, address="a", attempts=attempts)) == TEACHER
    sign_in(CODE, "Anna", "my-own-code", address="e", attempts=attempts)
    with pytest.raises(Refused):
        sign_in(CODE, "Anna", "her other code", address="e", attempts=attempts)  # guessing a student's own code counts
    assert len(attempts._wrong) == 1


def test_people_who_cannot_be_told_apart_do_not_lock_each_other_out(room: Classroom) -> None:
    attempts = Attempts(each=3, together=5)
    for _ in range(4):
        with pytest.raises(Refused, match="neither the class code"):
            sign_in("no such code", attempts=attempts)
    assert classroom.actor_of(sign_in(PIN, attempts=attempts)) == TEACHER
    for words in ("neither the class code", "Too many wrong codes"):
        with pytest.raises(Refused, match=words):
            sign_in("no such code", attempts=attempts)


def test_a_session_is_signed_ends_and_dies_with_its_classroom(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    token = sign_in(PIN)
    assert classroom.actor_of(token) == TEACHER
    payload, _, signature = token.partition(".")
    for forged in ("", "x", token[:-1], f"{payload}x.{signature}", token.swapcase(), "\ud800", token * 1000):
        assert classroom.actor_of(forged) == VIEWER
    monkeypatch.setattr(classroom, "SESSION_S", -1)
    assert classroom.actor_of(token) == VIEWER
    monkeypatch.undo()
    monkeypatch.setenv("GANVAS_CLASSROOM", str(classroom.path()))


def test_a_new_classroom_ends_all_sessions(room: Classroom) -> None:
    token = sign_in(PIN)
    classroom.make(PIN, CODE)
    assert classroom.actor_of(token) == VIEWER
    classroom.remove()
    assert classroom.read() is None and classroom.actor_of(token) == ALONE
    with pytest.raises(Refused, match="no classroom"):
        sign_in(PIN)


def test_a_damaged_classroom_is_not_taken_for_none(room: Classroom) -> None:
    for content in (b"", b"{}", b"[" * 100_000, b"\x00", b'{"key": "short"}'):
        classroom.path().write_bytes(content)
        with pytest.raises(ValueError, match="is damaged"):
            classroom.read()


def test_a_student_who_forgot_the_code_chooses_another(room: Classroom) -> None:
    before = classroom.actor_of(sign_in(CODE, "Anna", "my-own-code"))
    classroom.forget_student("anna")
    assert classroom.actor_of(sign_in(CODE, "Anna", "a new one", attempts=Attempts())) == before
    with pytest.raises(Refused):
        sign_in(CODE, "Anna", "my-own-code", attempts=Attempts())
    with pytest.raises(ValueError, match="no student 'Zoe'"):
        classroom.forget_student("Zoe")


@pytest.mark.parametrize(
    ("pin", "code", "words"),
    [("short", "", "PIN needs"), ("same-code", "same code", "the same"), ("teach-er-42", "abc", "class code needs")],
)
def test_a_classroom_with_bad_codes_is_not_made(room: Classroom, pin: str, code: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        classroom.make(pin, code)
    assert classroom.read() == room


def test_folders_of_the_server_are_the_teachers_but_for_those_named(room: Classroom, tmp_path: Path) -> None:
    allowed = [tmp_path / "pictures", tmp_path / "pictures" / "cats", tmp_path / "data" / "pictures-x" / "pictures"]
    forbidden = [
        "/", "/etc/passwd", tmp_path, tmp_path / "pictures" / ".." / "secret", tmp_path / "pictures-of-others",
        "~root/.ssh", "~nobody-of-this-name/x", "relative", "",
    ]  # fmt: skip
    (tmp_path / "pictures" / "link").symlink_to("/etc")
    for folder in allowed:
        classroom.check_folder(folder, ANNA)
    for bad in [*forbidden, tmp_path / "pictures" / "link"]:
        with pytest.raises(Refused, match="Only teachers"):
            classroom.check_folder(bad, ANNA)
        classroom.check_folder(bad, TEACHER)
    classroom.remove()
    for bad in forbidden:
        classroom.check_folder(bad)


def test_openid_connect_makes_teachers_by_verified_address(room: Classroom) -> None:
    made = room.model_copy(update={"teachers": ("Prof@Example.org",)})
    classroom.path().write_text(made.model_dump_json())
    claims = {"iss": "https://id.example", "sub": "7", "email": "prof@example.org", "name": "P", "email_verified": True}
    assert classroom.actor_of_claims(claims) == TEACHER
    assert classroom.actor_of_claims(claims | {"email_verified": False}) == VIEWER
    unsaid = classroom.actor_of_claims({key: value for key, value in claims.items() if key != "email_verified"})
    assert unsaid.role == classroom.actor_of_claims(claims | {"email_verified": "true"}).role == Role.STUDENT
    student = classroom.actor_of_claims(claims | {"email": "s@example.org", "name": "S"})
    assert student.role == Role.STUDENT and student.name == "S" and len(student.id) == 8
    assert classroom.actor_of_claims({}) == VIEWER


def test_a_process_for_a_student_may_do_no_more_than_the_student(monkeypatch: pytest.MonkeyPatch) -> None:
    assert access.environment(ALONE) == {}
    for name, value in access.environment(ANNA).items():
        monkeypatch.setenv(name, value)
    access.set_source(lambda: TEACHER)
    assert access.current() == ANNA
    for told in ("{}", "[", '{"id": 1, "name": 2, "role": 9}', "[" * 100_000):
        monkeypatch.setenv(access.VARIABLE, told)
        with pytest.raises(ValueError, match=access.VARIABLE):
            access.current()
    access.set_source(lambda: None)
    monkeypatch.delenv(access.VARIABLE)
    assert access.current() == ALONE


def test_an_owner_is_asked_for_by_id() -> None:
    nameless = Actor("", "", Role.STUDENT)
    assert access.may("own", ANNA, "anna") and not access.may("own", ANNA, "ben") and not access.may("own", ANNA, "")
    assert not access.may("own", nameless, "")  # what is nobody's is not everybody's
    assert access.may("own", TEACHER, "anna") and not access.may("own", VIEWER, "")

"""Room for uploads: who may put a file there, how many, how long they stay."""

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pages.components.shared.uploads import FILES, LEFT_S, TOTAL_BYTES, UNCLAIMED_S, Room


class Hall:
    """A room, its visitors, and its clock."""

    def __init__(self) -> None:
        self.manager = MemoryUploadedFileManager("/upload")
        self.here, self.now = {"anna", "ben"}, 0.0
        self.room = Room(self.manager, self.here.__contains__, lambda: self.now)

    def put(self, session: str, file: str, size: int = 10) -> int:
        """Uploads as the server does; the HTTP status."""
        refusal = self.room.admit(session, file, size)
        if refusal is not None:
            return refusal[0]
        self.manager.add_file(session, UploadedFileRec(file, file, "application/zip", bytes(size)))
        self.room.arrived(session, file)
        self.now += 1
        return 204

    def kept(self) -> list[str]:
        return sorted(file for files in self.manager.file_storage.values() for file in files)


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_nobody_uploads_to_a_page_without_an_uploader(hall: Hall) -> None:
    assert [hall.put("anna", f"f{i}") for i in range(20)] == [403] * 20
    assert hall.kept() == []


def test_a_visitor_keeps_the_newest_files_only(hall: Hall) -> None:
    hall.room.welcome("anna")
    assert [hall.put("anna", f"f{i}") for i in range(5)] == [204] * 5
    assert hall.kept() == ["f3", "f4"] and FILES == 2


def test_files_on_their_way_count(hall: Hall) -> None:
    hall.room.welcome("anna")
    assert [hall.room.admit("anna", f"f{i}", 10) for i in range(FILES)] == [None] * FILES
    assert hall.put("anna", "one more") == 429
    hall.room.arrived("anna", "f0")  # refused by Streamlit, say: it is not there, and takes no room
    assert hall.put("anna", "one more") == 204


def test_a_file_on_its_way_reserves_room_once(hall: Hall) -> None:
    hall.room.welcome("anna")
    assert hall.room.admit("anna", "f", 10) is None
    assert hall.put("anna", "f") == 409
    hall.room.arrived("anna", "f")
    assert hall.put("anna", "f") == 204


def test_what_is_longer_than_was_said_is_dropped_when_there_is_no_room(hall: Hall) -> None:
    hall.room.welcome("anna")
    assert hall.room.admit("anna", "f", 1) is None
    content = bytes(TOTAL_BYTES + 1)
    hall.manager.add_file("anna", UploadedFileRec("f", "f", "application/zip", content))
    hall.room.arrived("anna", "f")
    assert hall.kept() == []


def test_all_visitors_together_have_so_much_room(hall: Hall) -> None:
    for i in range(4):
        hall.here.add(f"v{i}")
        hall.room.welcome(f"v{i}")
        assert hall.room.admit(f"v{i}", "f", TOTAL_BYTES // 4) is None
    hall.room.welcome("anna")
    assert hall.put("anna", "f", 1) == 507
    hall.room.arrived("v0", "f")
    assert hall.put("anna", "f", 1) == 204


def test_what_no_uploader_asks_for_is_dropped(hall: Hall) -> None:
    hall.room.welcome("anna")
    hall.put("anna", "asked")
    hall.put("anna", "not asked")
    hall.room.claim("anna", "asked")
    hall.now += UNCLAIMED_S - 2
    assert hall.room.sweep() == 0
    assert hall.kept() == ["asked", "not asked"]
    hall.now += 2
    assert hall.room.sweep() == 1
    assert hall.kept() == ["asked"]


def test_files_go_with_their_visitor_but_outlast_a_short_absence(hall: Hall) -> None:
    for session in ("anna", "ben"):
        hall.room.welcome(session)
        hall.put(session, session)
        hall.room.claim(session, session)
    hall.here.discard("anna")
    hall.room.sweep()
    hall.here.add("anna")  # a reload of the network
    hall.now += LEFT_S
    hall.room.sweep()
    assert hall.kept() == ["anna", "ben"]
    hall.here.discard("anna")
    hall.room.sweep()
    hall.now += LEFT_S
    assert hall.room.sweep() == 1
    assert hall.kept() == ["ben"]
    assert hall.put("anna", "again") == 403

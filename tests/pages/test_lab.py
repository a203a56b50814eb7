"""What every page does with a refusal."""

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import plain


def _page() -> None:
    import errno

    import streamlit as st

    from pages.components.shared import lab

    def fails(number: int) -> None:
        raise OSError(number, "No space left on device")

    lab.show_refusal()
    lab.attempt(lambda: fails(errno.ENOSPC))
    if st.button("press", key="press"):
        lab.press(lambda: fails(errno.ENOSPC))
    if st.button("unknown", key="unknown"):
        lab.attempt(lambda: fails(errno.ECHILD))


def test_a_full_disk_is_told_with_the_way_out_and_an_error_of_the_program_is_not_hidden() -> None:
    full = "The disk is full ([Errno 28] No space left on device). Free some space, then go on."
    app = AppTest.from_function(_page, default_timeout=120).run()
    assert [plain(box.value) for box in app.error] == [full] and not app.exception
    app.button(key="press").click().run()
    assert [plain(box.value) for box in app.error] == 2 * [full] and not app.exception
    app.button(key="unknown").click().run()
    assert len(app.exception) == 1

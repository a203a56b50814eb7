"""Ganvas: the table of contents and the shared sidebar. Start it with `streamlit run app.py`."""

from functools import partial
from pathlib import Path

import streamlit as st

from gan_core.runs.status import OPEN_STATES
from pages.components.shared import class_link, lab, links, present, server, undo, visitor
from pages.components.text import STATES, _, as_text, called, choose_language, language, settle_language
from pages.components.widgets.page_language import page_language

ASSETS = Path(__file__).parent / "pages" / "components" / "widgets" / "assets"
ICON = ASSETS / "icon.png"  # a path: a name would be fetched from the web
STYLE = """<style>
.stMainBlockContainer {padding: 2.5rem clamp(1rem, 4vw, 3rem) 4rem}
@media (max-width: 640px) {.stMainBlockContainer {padding-top: 4rem}}
.stMainBlockContainer h1 {font-size: 2rem; padding: 0.5rem 0}
/* the theme's accent is too dark for text on a dark page (3.5:1); these are its link colours */
[data-testid="stButtonGroup"] button[aria-checked="true"], [data-testid="stSliderThumbValue"] {color: light-dark(#0f766e, #5eead4) !important}
/* a caption is paler than text, and a command in it would be too pale in its own colour (3:1) */
[data-testid="stCaptionContainer"] code {color: inherit}
/* in a row with other controls Streamlit cuts off the choices that do not fit */
[data-testid="stButtonGroup"] [role="radiogroup"] {flex-wrap: wrap}
</style>"""
NAME_LENGTH = 40
MOVED: dict[str, tuple[str, dict[str, str]]] = {  # an earlier address: the page and the parameters that it leads to
    "lessons": ("learn", {}),
    "twin": ("learn", {"tab": "lab"}),
    "collapse": ("learn", {"tab": "break"}),
    "study": ("runs", {"tab": "experiments"}),
    "sweeps": ("runs", {"tab": "experiments"}),
    "hub": ("runs", {"tab": "import"}),
    "explore": ("run", {"tab": "explore"}),
    "conditions": ("run", {"tab": "explore", "view": "compose"}),
    "vae": ("run", {"tab": "explore", "view": "reconstructions"}),
    "replay": ("run", {"tab": "replay"}),
}
MOVED_VIEWS = {  # a view's earlier name: its place now
    "test": {"tab": "measure"},
    "neighbours": {"tab": "measure"},
    "walk": {"view": "sliders"},
}


def main() -> None:
    """Routes to the pages."""
    st.set_page_config(page_title="Ganvas", page_icon=str(ICON), layout="wide")
    st.html(STYLE)
    lab.start()
    lab.set_pace()
    settle_language()
    pages = {
        "home": st.Page("pages/home.py", title=_("Home"), icon=":material/home:", default=True),
        "learn": st.Page("pages/learn.py", title=_("Learn"), icon=":material/school:"),
        "data": st.Page("pages/data.py", title=_("Data"), icon=":material/photo_library:"),
        "train": st.Page("pages/train.py", title=_("Train"), icon=":material/model_training:"),
        "runs": st.Page("pages/runs.py", title=_("Runs"), icon=":material/grid_view:"),
    }
    opened = {
        "run": st.Page("pages/run.py", title=_("Run"), visibility="hidden"),
        "compare": st.Page("pages/compare.py", title=_("Compare runs"), visibility="hidden"),
        "experiment": st.Page("pages/experiment.py", title=_("Experiment"), visibility="hidden"),
    }
    moved = [st.Page(partial(follow, name), title=name, url_path=name, visibility="hidden") for name in MOVED]
    page = st.navigation([*pages.values(), *opened.values(), *moved], position="hidden")
    st.session_state["lab_routed"] = True
    wanted = st.query_params.get("page", "")  # see lab.enter
    if wanted in MOVED:
        follow(wanted)
    if wanted in pages | opened:
        st.switch_page((pages | opened)[wanted], query_params=parameters())
    if st.session_state.get("app_page") != page.url_path:
        st.session_state["app_page"] = page.url_path
        st.session_state[links.WRITTEN] = {}
    lab.name_tab(page.title)
    presenting = present.on(page.url_path)
    if presenting:
        present.frame()
    with st.sidebar:
        st.subheader(_("Ganvas"))
        training()
        if not class_link.follow(page.url_path):
            for entry in pages.values():
                st.page_link(entry)
        st.fragment(devices, run_every=None if lab.machine() else 5)()
        choose_language()
        visitor.show()
        with st.container(key="page_language"):
            page_language(visitor.tag(language()), key="lab_page_language")
    class_link.bar(page.url_path)
    lab.show_refusal()
    if not presenting:
        undo.show()
    page.run()


def parameters() -> dict[str, str]:
    """What the address says, but for the page."""
    return {key: value for key, value in st.query_params.to_dict().items() if key != "page"}


def follow(name: str) -> None:
    """Opens the place that an earlier address leads to, with its parameters."""
    given = parameters()
    page, fixed = MOVED[name]
    for kind in ("study", "sweep"):
        if kind in given:
            page, fixed = "experiment", {"id": given.pop(kind)}
    if given.get("view") == "flow":  # it stood in the 2-D lab
        page, fixed = "run", {"tab": "explore"}
    st.switch_page(f"pages/{page}.py", query_params=fixed | given | MOVED_VIEWS.get(given.get("view", ""), {}))


@st.fragment(run_every=5)
def training() -> None:
    """What trains or waits now, each with its progress. Being on every page, it also keeps the pace of the live parts."""
    lab.keep_pace()
    for run in [run for run in lab.all_runs() if run.status().state in OPEN_STATES][:8]:
        status = run.status()
        share = status.step / status.total_steps if status.total_steps else 0.0
        marked, _color = STATES[status.state]
        word = _(marked)
        st.page_link("pages/run.py", label=as_text(shortened(called(run))), query_params={"run": run.id})
        st.progress(min(share, 1.0), text=f"{word}, {share:.0%}")


def shortened(name: str) -> str:
    """A name that fits the sidebar."""
    return name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"


def devices() -> None:
    """What this machine trains on."""
    machine = lab.machine()
    st.caption(
        _("Trains on: {devices}").format(devices=", ".join(map(_, machine.labels)) if machine else _("starting…"))
    )


if __name__ == "__main__":  # a visitor's page
    main()
else:  # `streamlit run` looks for an `st.App` in this file, and imports it
    server.refuse_open_doors()
    app = st.App(
        __file__,
        lifespan=server.lifespan,
        middleware=server.MIDDLEWARE,
        routes=visitor.routes(),
        on_script_error=visitor.refused,
    )

"""Ganvas: the table of contents and the shared sidebar. Start it with `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

from gan_core.runs.status import OPEN_STATES
from pages.components.shared import lab, server, visitor
from pages.components.text import STATES, _, as_text, choose_language, settle_language

ASSETS = Path(__file__).parent / "pages" / "components" / "widgets" / "assets"
ICON = ASSETS / "icon.png"  # a path: a name would be fetched from the web
STYLE = """<style>
.stMainBlockContainer {padding: 3.5rem 3rem 4rem}
/* the theme's accent is too dark for text on a dark page (3.5:1); these are its link colours */
[data-testid="stButtonGroup"] button[aria-checked="true"] {color: light-dark(#0f766e, #5eead4) !important}
</style>"""


def main() -> None:
    """Routes to the pages."""
    st.set_page_config(page_title="Ganvas", page_icon=str(ICON), layout="wide")
    st.html(STYLE)
    lab.start()
    settle_language()
    pages = {
        "home": st.Page("pages/home.py", title=_("Home"), icon=":material/home:", default=True),
        "train": st.Page("pages/train.py", title=_("Train"), icon=":material/model_training:"),
        "lessons": st.Page("pages/lessons.py", title=_("Lessons"), icon=":material/school:"),
        "data": st.Page("pages/data.py", title=_("Data"), icon=":material/photo_library:"),
        "explore": st.Page("pages/explore.py", title=_("Explore"), icon=":material/explore:"),
        "conditions": st.Page("pages/conditions.py", title=_("Conditions"), icon=":material/category:"),
        "study": st.Page("pages/study.py", title=_("Study"), icon=":material/experiment:"),
        "sweeps": st.Page("pages/sweeps.py", title=_("Sweeps"), icon=":material/tune:"),
        "vae": st.Page("pages/vae.py", title=_("VAE"), icon=":material/compare:"),
        "twin": st.Page("pages/twin.py", title=_("2-D lab"), icon=":material/scatter_plot:"),
        "collapse": st.Page("pages/collapse.py", title=_("Collapse"), icon=":material/heart_broken:"),
        "compare": st.Page("pages/compare.py", title=_("Compare"), icon=":material/stacked_line_chart:"),
        "replay": st.Page("pages/replay.py", title=_("Replay"), icon=":material/replay:"),
        "runs": st.Page("pages/runs.py", title=_("Runs"), icon=":material/grid_view:"),
        "hub": st.Page("pages/hub.py", title=_("Hub"), icon=":material/cloud:"),
    }
    sections = {
        _("Begin"): ["home", "lessons", "twin"],
        _("Train"): ["train", "data", "study", "sweeps"],
        _("Look closely"): ["explore", "conditions", "vae", "collapse", "compare", "replay"],
        _("Keep"): ["runs", "hub"],
    }
    page = st.navigation({title: [pages[name] for name in names] for title, names in sections.items()}, expanded=True)
    st.session_state["lab_routed"] = True
    wanted = st.query_params.get("page")  # see lab.enter
    if wanted in pages:
        others = {key: value for key, value in st.query_params.to_dict().items() if key != "page"}
        st.switch_page(pages[wanted], query_params=others)
    with st.sidebar:
        st.subheader(_("Ganvas"))
        choose_language()
        visitor.show()
        sidebar()
    lab.show_refusal()
    page.run()


@st.fragment(run_every=5)
def sidebar() -> None:
    """The devices and what trains on them now."""
    machine = lab.machine()
    st.caption(_("Trains on: {devices}").format(devices=", ".join(machine.labels) if machine else _("starting…")))
    for run in [run for run in lab.all_runs() if run.status().state in OPEN_STATES][:8]:
        status = run.status()
        share = status.step / status.total_steps if status.total_steps else 0.0
        word, _color = STATES[status.state]
        st.page_link("pages/train.py", label=as_text(run.name[:40]), query_params={"run": run.id})
        st.progress(min(share, 1.0), text=f"{word}, {share:.0%}")


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

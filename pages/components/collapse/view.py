"""Break a model, watch, put it right, measure the two against each other. `?broken=ID&sound=ID` chooses them."""

import streamlit as st

from gan_core.experiments import breakages
from gan_core.experiments.breakages import BREAKAGES
from gan_core.models.kinds import kind_of
from gan_core.runs import Run
from pages.components.collapse.measured import measured
from pages.components.collapse.pair import beside, break_one, card, repair, show_differences, turn
from pages.components.collapse.slopes import clipping_against_penalty
from pages.components.shared import lab, links
from pages.components.shared.class_link import class_link
from pages.components.shared.run_picker import titles_of
from pages.components.text import _, as_text

NONE_CHOSEN, PAIR = "", "pair"


def break_and_repair() -> None:
    """Two runs side by side and their measurements; the ways to break a model; an experiment on what clipping does to gradients."""
    st.title(_("Break & repair"))
    words = _(
        "A generator has **collapsed** when it draws nearly the same few pictures whatever its latent z, the random numbers that "
        "it starts from. Break a model on purpose, correct one setting, and see whether the pictures and the "
        "measurements differ."
    )
    st.markdown(words)
    runs = {run.id: run for run in lab.all_runs() if draws_pictures(run)}
    if links.only() and linked(runs):
        return
    broken, repaired = choose(runs)
    link_for_class(broken, repaired)
    if broken is None:
        st.info(
            _("Press one of the buttons below: the broken model is trained and shown here."),
            icon=":material/info:",
        )
    else:
        pair(broken, repaired)
    with st.expander(_("Break a model"), expanded=broken is None, icon=":material/heart_broken:"):
        break_one()
    clipping_against_penalty()


def linked(runs: dict[str, Run]) -> bool:
    """What a link for the class is about: one way to break a model (`?way=NAME`), two runs, or both; False if neither is here."""
    way, broken, repaired = (st.query_params.get(name, "") for name in ("way", "broken", "sound"))
    for run_id in (broken, repaired):
        if run_id and run_id not in runs:
            words = _("There is no run “{id}” here; it may have been deleted.")
            st.warning(words.format(id=as_text(run_id[:64])), icon=":material/warning:")
    if way and way not in BREAKAGES:
        words = _("There is no way “{name}” to break a model here; all are shown.")
        st.warning(words.format(name=as_text(way[:64])), icon=":material/warning:")
    if way in BREAKAGES:
        with st.container(border=True):
            card(way, BREAKAGES[way])
    if broken not in runs:
        return way in BREAKAGES
    known = breakages.partners(runs[broken], list(runs.values()))
    beside_it = runs.get(repaired) or (known[0] if known else None)
    pair(runs[broken], beside_it if beside_it is not runs[broken] else None)
    return True


def link_for_class(broken: Run | None, repaired: Run | None) -> None:
    """The button for a link to these runs, or to one way to break a model."""

    def parameters() -> dict[str, str]:
        ways = {name: _(breakage.title) for name, breakage in BREAKAGES.items()}
        shown = {PAIR: _("The runs shown here")} if broken is not None else {}
        about = st.selectbox(
            _("It opens"), [*shown, *ways], key="collapse_link_about", format_func=(shown | ways).__getitem__
        )
        if about != PAIR:
            return {"tab": "break", "way": about}
        ids = {"broken": broken, "sound": repaired}
        return {"tab": "break"} | {name: run.id for name, run in ids.items() if run is not None}

    class_link("learn", "collapse_link", parameters)


def draws_pictures(run: Run) -> bool:
    """Whether it is a GAN of pictures whose configuration can be read."""
    try:
        config = run.config()
        return kind_of(config).has_discriminator and config.network.name != "mlp"
    except ValueError:
        return False


def choose(runs: dict[str, Run]) -> tuple[Run | None, Run | None]:
    """The broken run and the one beside it: those of the address, else the newest broken one and its partner."""
    if not runs:
        return None, None
    left, right = st.columns(2)
    names = titles_of(runs)
    first = st.query_params.get("broken")
    if first not in runs:
        first = next((run.id for run in runs.values() if is_broken(run)), NONE_CHOSEN)
    with left:
        options = [NONE_CHOSEN, *runs]
        one = st.selectbox(
            _("Broken"), options, index=options.index(first), key=f"collapse_broken_{turn()}",
            format_func=lambda run_id: names.get(run_id, _("none chosen")),
            help=_("Any GAN of pictures may stand here, not only one that was broken on this page."),
        )  # fmt: skip
    if one == NONE_CHOSEN:
        return None, None
    st.query_params["broken"] = one
    others = [run_id for run_id in runs if run_id != one]
    second = st.query_params.get("sound")
    if second not in others:
        known = breakages.partners(runs[one], list(runs.values()))
        second = known[0].id if known else NONE_CHOSEN
    with right:
        options = [NONE_CHOSEN, *others]
        other = st.selectbox(
            _("Repaired"), options, index=options.index(second), key=f"collapse_sound_{turn()}_{one}",
            format_func=lambda run_id: names.get(run_id, _("none chosen")),
        )  # fmt: skip
    if other == NONE_CHOSEN:
        st.query_params.pop("sound", None)
        return runs[one], None
    st.query_params["sound"] = other
    return runs[one], runs[other]


def is_broken(run: Run) -> bool:
    """Whether it is broken in one of the ways of this page."""
    return breakages.breakage_of(run.config()) is not None


def pair(broken: Run, repaired: Run | None) -> None:
    """What the broken run's mistake is, the buttons that put it right, both beside each other, and their measurements."""
    breakage = breakages.breakage_of(broken.config())
    if breakage is not None:
        st.markdown(f"**{_(breakage.title)}.** {_(breakage.story)}")
    comparable = repaired is not None and show_differences(broken, repaired)
    if repaired is None and breakage is None:
        st.info(
            _("“{name}” is not one of the runs of this page. Choose a second run to compare it with.").format(
                name=as_text(broken.name)
            ),
            icon=":material/info:",
        )
    beside(broken, repaired if comparable else None)
    if breakage is not None and breakage.caution:
        st.caption(_(breakage.caution))
    if breakage is not None and repaired is None:
        repair(broken, breakage)
    elif breakage is not None:
        with st.expander(_("Other repairs"), icon=":material/healing:"):
            repair(broken, breakage)
    if comparable and repaired is not None:
        measured(broken, repaired)

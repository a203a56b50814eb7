"""A new sweep: two that are ready made, and a form for one's own."""

from collections.abc import Callable

import streamlit as st

from gan_core.config import RunConfig, get
from gan_core.evaluation.metrics import METRICS
from gan_core.experiments.sweeps import folder as folders
from gan_core.experiments.sweeps.objectives import (
    MAX_IMAGES,
    MIN_IMAGES,
    SweepObjective,
    fitting_metrics,
    objective_for,
)
from gan_core.experiments.sweeps.parsing import axis_from
from gan_core.experiments.sweeps.plan import (
    LINKED,
    MAX_AXES,
    MAX_TRIALS,
    Sweep,
    format_value,
    sweep_from,
    trial_minutes,
)
from gan_core.experiments.sweeps.templates import TEMPLATES
from gan_core.presets import PRESETS
from pages.components.shared import lab, links
from pages.components.shared.as_command import as_command, line
from pages.components.shared.class_link import class_link
from pages.components.shared.config_form import LABELS, REGISTRIES, section_name
from pages.components.shared.preset_choice import choose_preset, description_of, in_words
from pages.components.sweeps import link
from pages.components.text import N_, Marked, _, duration, titled

FIRST_AXES = ("training.batch_size", "learning_rate")
OBJECTIVES = Marked(
    {
        "reconstruction": N_("Reconstruction error (VAE)"),
        "accuracy/test": N_("Evaluator's accuracy, list test"),
        "accuracy/new_test": N_("Evaluator's accuracy, list new_test"),
        "accuracy/labels": N_("Evaluator's accuracy, balanced labels"),
    }
)


def templates() -> None:
    """Two sweeps at one click each."""
    for column, key in zip(st.columns(2), TEMPLATES, strict=True):
        with column.container(border=True, height="stretch"):
            template(key)


def template(key: str) -> None:
    """One that is ready made, its button, and the link for the class to it."""
    offered = TEMPLATES[key]
    st.markdown(f"**{_(offered.title)}**")
    st.markdown(_(offered.description))
    with st.container(horizontal=True):
        pressed = st.button(_("Start it"), key=f"sweeps_offer_{key}", icon=":material/play_arrow:", type="primary")
        class_link("train", f"sweeps_link_{key}", lambda: {"tab": "many", links.ABOUT: key})
    as_command(f"sweep_{key}", template_line(offered.sweep))
    if pressed:
        with st.spinner(_("Writing the trials down…")):
            begin(offered.sweep)


def begin(sweep: Callable[[], Sweep]) -> None:
    """Keeps a sweep, starts its process, and has it shown."""
    folder = lab.attempt(lambda: folders.begin(lab.start(), sweep()))
    if folder is not None:
        st.switch_page("pages/experiment.py", query_params={"id": folder.id})


def new_sweep() -> None:
    """What to vary, what to aim for, how many trials. From a link for the class: what it varies, at values that may be changed."""
    given = link.given()
    preset = chosen_preset(given)
    name = st.text_input(
        _("Name"), key=f"{given.prefix}_name", persist_state="session", max_chars=60, placeholder=_("optional")
    )
    config = PRESETS[preset].config
    axes = axis_rows(config, preset, given)
    searched = search_row(any(".." in words for words in axes.values()), given)
    metric, images = objective_row(config, preset, given)

    def planned() -> Sweep:
        return sweep_from(
            name=name.strip() or PRESETS[preset].name,
            preset=preset,
            axes=[axis_from(f"{field}={words}") for field, words in axes.items()],
            metric=metric,
            images=images,
            trials=searched[0],
            seed=searched[1],
        )

    def parameters() -> dict[str, str] | None:
        if lab.attempt(planned) is None:
            return None
        trials, seed = searched
        search = {"trials": str(trials), "seed": str(seed)} if trials else {}
        varied = {f"{link.VARY}{field}": words.strip() for field, words in axes.items()}
        aim = {"aim": metric, "images": str(images)}
        return {"tab": "many", links.ABOUT: link.OWN, "preset": preset} | varied | aim | search

    sweep = lab.attempt(planned, "warning")
    if sweep is not None:
        st.caption(how_long(sweep))
    start, refused = _("Start the sweep"), sweep is None
    with st.container(horizontal=True):
        pressed = st.button(start, key="sweeps_start", type="primary", icon=":material/play_arrow:", disabled=refused)
        class_link("train", "sweeps_link", parameters)
    if sweep is not None:
        as_command("sweep", sweep_line(sweep))
    if pressed and sweep is not None:
        with st.spinner(_("Writing the trials down…")):
            begin(lambda: sweep)


def template_line(make: Callable[[], Sweep]) -> str:
    """A template's sweep as a command; "" where it cannot be made here, which pressing its button says."""
    try:
        return sweep_line(make())
    except ValueError:
        return ""


def sweep_line(sweep: Sweep) -> str:
    """A sweep as a command, which trains its trials where it is given."""
    listed = [f"{axis.name}={','.join(map(format_value, axis.values))}" for axis in sweep.axes if axis.values]
    ranges = [f"{axis.name}={axis.low!r}..{axis.high!r}" for axis in sweep.axes if not axis.values]
    aim = sweep.objective
    searched = {"trials": sweep.trials, "seed": sweep.seed} if sweep.search else {}
    return line(
        "sweep", sweep.preset, grid=listed, range=ranges, set=sweep.changes, metric=aim.metric, images=aim.num_images,
        name=sweep.name, **searched,
    )  # fmt: skip


def chosen_preset(given: link.Given) -> str:
    """The preset of the form; that of a link for the class is not another's to choose."""
    if links.only():
        st.info(f"{in_words(given.preset)}. {description_of(PRESETS[given.preset])}", icon=":material/science:")
        return given.preset
    return choose_preset(list(PRESETS), given.preset, f"{given.prefix}_preset")


def axis_rows(config: RunConfig, preset: str, given: link.Given) -> dict[str, str]:
    """The settings to vary, each with what it is to be, in words."""
    chosen = [*(given.axes or FIRST_AXES)]
    if not links.only():
        chosen = st.multiselect(
            _("What to vary"), link.varied(), chosen, format_func=title_of, key=f"{given.prefix}_fields", persist_state="session",
            max_selections=MAX_AXES, help=_("Up to {n} settings at once. Few are easier to understand.").format(n=MAX_AXES),
        )  # fmt: skip
    words = {field: first_words(config, field) for field in chosen}
    if preset == given.preset:
        words |= {field: said for field, said in (given.axes or {}).items() if field in words}
    columns = st.columns(3)
    return {
        field: columns[index % 3].text_input(
            title_of(field), words[field], key=f"{given.prefix}_values_{preset}_{field}", persist_state="session",
            help=_("Values separated by commas (16, 32, 64), or a range for a search: smallest..largest (1e-4..1e-3)."),
        )
        for index, field in enumerate(chosen)
    }  # fmt: skip


def title_of(field: str) -> str:
    """A setting's name, with its section where several have one of that name."""
    if field in LINKED:
        return _("{setting} of both networks").format(setting=LABELS[LINKED[field][0]])
    label = LABELS.get(field, field)
    section, dot, _rest = field.partition(".")
    return titled(section_name(section), label) if dot else label


def first_words(config: RunConfig, field: str) -> str:
    """What a setting might be tried at: the preset's value, and for numbers its half or double."""
    value = get(config, LINKED.get(field, (field,))[0])
    if isinstance(value, bool):
        return "false, true"
    if isinstance(value, tuple):
        return f"none, {'+'.join(REGISTRIES[field])}"
    if isinstance(value, int) and value > 1:
        return f"{value}, {2 * value}"
    if isinstance(value, float) and value:
        return f"{value / 2:g}, {value:g}"
    return str(value)


def search_row(has_range: bool, given: link.Given) -> tuple[int, int]:
    """How many trials a search makes, and its seed; (0, 0) for a grid."""
    left, middle, right = st.columns(3)
    searches = left.toggle(
        _("Let Optuna search"), has_range or given.trials > 0, key=f"{given.prefix}_search_{has_range}", persist_state="session", disabled=has_range,
        help=_("Instead of every combination: Optuna (method: TPE) chooses, from what earlier trials reached. A range always needs a search."),
    )  # fmt: skip
    if not searches and not has_range:
        return 0, 0
    trials = middle.number_input(
        _("Trials"), 1, MAX_TRIALS, given.trials or link.USUAL_TRIALS, key=f"{given.prefix}_trials", persist_state="session"
    )  # fmt: skip
    seed = right.number_input(
        _("Seed of the search"), 0, link.SEEDS, given.seed, key=f"{given.prefix}_seed", persist_state="session"
    )
    return int(trials), int(seed)


def objective_row(config: RunConfig, preset: str, given: link.Given) -> tuple[str, int]:
    """What the runs are judged by, and on how many images."""
    left, right = st.columns(2)
    fitting = [metric for metric in fitting_metrics(config) if implied(metric)]
    first = fitting.index(given.aim) if given.aim in fitting else 0
    metric = left.selectbox(
        _("What to aim for"), fitting, first, format_func=objective_words, key=f"{given.prefix}_aim_{preset}", persist_state="session",
        help=_("Measured of each run when it has ended. Only what the runs of this preset have is listed."),
    )  # fmt: skip
    images = right.number_input(
        _("Images to measure on"), MIN_IMAGES, MAX_IMAGES, given.images, 100, key=f"{given.prefix}_images", persist_state="session",
        help=_("Generated images, and as many real ones. More give a surer value and take longer."),
    )  # fmt: skip
    return metric or "fd", int(images)


def implied(metric: str) -> SweepObjective | None:
    """The objective of a metric that says itself which way is better."""
    try:
        return objective_for(metric)
    except ValueError:
        return None


def objective_words(metric: str) -> str:
    """A metric for people, and which way is better."""
    objective = implied(metric)
    way = _("as large as possible") if objective and objective.direction == "maximize" else _("as small as possible")
    return titled(objective_title(metric), way)


def objective_title(metric: str) -> str:
    """What a sweep can aim at, for people."""
    if metric in METRICS:
        return _(METRICS[metric].objective_title or METRICS[metric].title)
    return OBJECTIVES.get(metric) or _("Curve {name}, mean of its end").format(name=metric)


def how_long(sweep: Sweep) -> str:
    """Trials and rough time."""
    each = 60 * trial_minutes(sweep)
    if not each:
        return _("{n} trials, one after the other. How long each takes is not known for this preset.").format(
            n=sweep.trials
        )
    return _(
        "{n} trials, one after the other: about {each} each, {all} in all, on two quiet processor cores. You can close the page."
    ).format(n=sweep.trials, each=duration(each), all=duration(each * sweep.trials))

"""A new sweep: two that are ready made, and a form for one's own."""

from collections.abc import Callable

import streamlit as st

from gan_core.config import RunConfig, field_names, get
from gan_core.evaluation.metrics import METRICS
from gan_core.experiments.sweeps import folder as folders
from gan_core.experiments.sweeps.objectives import SweepObjective, fitting_metrics, objective_for
from gan_core.experiments.sweeps.parsing import axis_from
from gan_core.experiments.sweeps.plan import (
    LINKED,
    MAX_AXES,
    MAX_TRIALS,
    NOT_VARIED,
    Sweep,
    format_value,
    sweep_from,
    trial_minutes,
)
from gan_core.experiments.sweeps.templates import TEMPLATES
from gan_core.presets import PRESETS
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line
from pages.components.shared.config_form import LABELS, REGISTRIES, section_name
from pages.components.shared.preset_choice import choose_preset
from pages.components.text import N_, Marked, _, duration

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
    for column, (key, template) in zip(st.columns(2), TEMPLATES.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{_(template.title)}**")
            st.markdown(_(template.description))
            pressed = st.button(_("Start it"), key=f"sweeps_offer_{key}", icon=":material/play_arrow:", type="primary")
            as_command(f"sweep_{key}", template_line(template.sweep))
            if pressed:
                with st.spinner(_("Writing the trials down…")):
                    begin(template.sweep)


def begin(sweep: Callable[[], Sweep]) -> None:
    """Keeps a sweep, starts its process, and has it shown."""
    folder = lab.attempt(lambda: folders.begin(lab.start(), sweep()))
    if folder is not None:
        st.switch_page("pages/experiment.py", query_params={"id": folder.id})


def new_sweep() -> None:
    """What to vary, what to aim for, how many trials."""
    preset = choose_preset(list(PRESETS), next(iter(PRESETS)), "sweeps_preset")
    name = st.text_input(_("Name"), key="sweeps_name", persist_state="session", max_chars=60, placeholder=_("optional"))
    config = PRESETS[preset].config
    axes = axis_rows(config, preset)
    searched = search_row(any(".." in text for text in axes))
    metric, images = objective_row(config, preset)
    sweep = lab.attempt(
        lambda: sweep_from(
            name=name.strip() or PRESETS[preset].name,
            preset=preset,
            axes=[axis_from(text) for text in axes],
            metric=metric,
            images=images,
            trials=searched[0],
            seed=searched[1],
        ),
        "warning",
    )
    if sweep is not None:
        st.caption(how_long(sweep))
    start, refused = _("Start the sweep"), sweep is None
    pressed = st.button(start, key="sweeps_start", type="primary", icon=":material/play_arrow:", disabled=refused)
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


def axis_rows(config: RunConfig, preset: str) -> list[str]:
    """The settings to vary, each with what it is to be: `field=words`."""
    known = [
        *LINKED,
        *(name for name in field_names() if name not in NOT_VARIED and not name.startswith("recording.")),
    ]
    chosen = st.multiselect(
        _("What to vary"), known, [*FIRST_AXES], format_func=title_of, key="sweeps_fields", persist_state="session", max_selections=MAX_AXES,
        help=_("Up to {n} settings at once. Few are easier to understand.").format(n=MAX_AXES),
    )  # fmt: skip
    texts = []
    columns = st.columns(3)
    for index, field in enumerate(chosen):
        words = columns[index % 3].text_input(
            title_of(field), first_words(config, field), key=f"sweeps_values_{preset}_{field}", persist_state="session",
            help=_("Values separated by commas (16, 32, 64), or a range for a search: smallest..largest (1e-4..1e-3)."),
        )  # fmt: skip
        texts.append(f"{field}={words}")
    return texts


def title_of(field: str) -> str:
    """A setting's name, with its section where several have one of that name."""
    if field in LINKED:
        return _("{setting} of both networks").format(setting=LABELS[LINKED[field][0]])
    label = LABELS.get(field, field)
    section, dot, _rest = field.partition(".")
    return _("{section}: {meaning}").format(section=section_name(section), meaning=label) if dot else label


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


def search_row(has_range: bool) -> tuple[int, int]:
    """How many trials a search makes, and its seed; (0, 0) for a grid."""
    left, middle, right = st.columns(3)
    searches = left.toggle(
        _("Let Optuna search"), has_range, key=f"sweeps_search_{has_range}", persist_state="session", disabled=has_range,
        help=_("Instead of every combination: Optuna (method: TPE) chooses, from what earlier trials reached. A range always needs a search."),
    )  # fmt: skip
    if not searches and not has_range:
        return 0, 0
    trials = middle.number_input(_("Trials"), 1, MAX_TRIALS, 20, key="sweeps_trials", persist_state="session")
    seed = right.number_input(_("Seed of the search"), 0, 2**31 - 1, 0, key="sweeps_seed", persist_state="session")
    return int(trials), int(seed)


def objective_row(config: RunConfig, preset: str) -> tuple[str, int]:
    """What the runs are judged by, and on how many images."""
    left, right = st.columns(2)
    fitting = [metric for metric in fitting_metrics(config) if implied(metric)]
    metric = left.selectbox(
        _("What to aim for"), fitting, format_func=objective_words, key=f"sweeps_aim_{preset}", persist_state="session",
        help=_("Measured of each run when it has ended. Only what the runs of this preset have is listed."),
    )  # fmt: skip
    images = right.number_input(
        _("Images to measure on"), 100, 5000, 1000, 100, key="sweeps_images", persist_state="session",
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
    return f"{objective_title(metric)}: {way}"


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

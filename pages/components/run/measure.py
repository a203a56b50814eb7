"""The tab Measure of a run's page: its measurements, an evaluator's score, its nearest training images. `?view=...`"""

import streamlit as st

from gan_core import datasets
from gan_core.datasets.conditions import kind_of as kind_of_labels
from gan_core.evaluation import measure_task
from gan_core.jobs import task as background
from gan_core.models.kinds import kind_of
from gan_core.runs import Run
from pages.components.compare.numbers import numbers
from pages.components.run.beside import real_beside_generated
from pages.components.run.explore import STEP
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line
from pages.components.shared.links import linked_view
from pages.components.shared.run_picker import choose_step
from pages.components.shared.run_records import compared
from pages.components.shared.task_view import outcome
from pages.components.text import N_, Marked, _

VIEWS = Marked(
    {
        "numbers": N_("Measurements"),
        "test": N_("32 test conditions"),
        "vae": N_("VAE test error"),
        "neighbours": N_("Is it a copy?"),
        "beside": N_("Real beside generated"),
    }
)


def views_of(run: Run) -> tuple[str, ...]:
    """The names of the views that fit a run."""
    try:
        config = run.config()
    except ValueError:
        return ()
    pictures, model = len(datasets.image_shape(config.dataset)) == 3, bool(run.checkpoint_steps())
    fits = {
        "numbers": True,
        "test": pictures and model and kind_of_labels(config.conditioning) == "objects",
        "vae": model and kind_of(config).encodes,
        "neighbours": pictures and model,
        "beside": model,
    }
    return tuple(name for name in VIEWS if fits[name])


def measure(run: Run) -> None:
    """The view, of those that fit the run."""
    offered = {name: VIEWS[name] for name in views_of(run)}
    view = linked_view(offered, key=f"measure_view_{'_'.join(offered)}", keep=("run", "tab", "step"))
    if view == "numbers":
        measurements(run)
    elif view == "beside":
        st.fragment(real_beside_generated)(run)
    else:
        of_model(run, choose_step("measure", run, _(STEP)), view)


def measurements(run: Run) -> None:
    """What was measured so far, and the button that measures the newest checkpoint.

    A ready-made run is never changed, so what is measured of it stands in the work's result alone.
    """
    one = lab.attempt(lambda: compared(run))
    if one is None:
        return
    steps = run.checkpoint_steps()
    if steps and len(datasets.image_shape(one.config.dataset)) == 3:
        task = measure_task.task(run, steps[-1])
        begun = f"measure_asked_{run.id}_{steps[-1]}"
        if background.progress(task).state != "new" or st.session_state.get(begun):
            outcome(task, f"measure_work_{run.id}")  # numbers() reads it again
        elif st.button(_("Measure step {n:,}").format(n=steps[-1]), key="measure_go", icon=":material/straighten:",
                       help=_("Draws 2,000 images and compares them with held-out real ones: half a minute, and longer for a model that draws in many steps.")):  # fmt: skip
            st.session_state[begun] = True
            st.rerun()
        as_command("measure", line("evaluate", run.id, metrics="all", step=steps[-1], seed=0))
    numbers([one])


def of_model(run: Run, step: int, view: str) -> None:
    """A view that needs the model opened."""
    with st.spinner(_("Loading the model…")):  # these bring torch
        from pages.components.conditions.views import test_grid
        from pages.components.explore.neighbours import neighbours_view
        from pages.components.shared import models
        from pages.components.vae import facts
        from pages.components.vae.views import test_error

        if view == "vae":
            vae = lab.attempt(lambda: models.shown(run, step))
            if vae is not None:
                facts.facts(run, step)
                test_error(vae)
            return
        model = lab.attempt(lambda: models.sampler(run, step))
    if model is None:
        return
    if view == "test":
        test_grid(model)
        as_command("conditions", line("evaluate", run.id, step=step))
    else:
        neighbours_view(model, run)

"""What a VAE was paid for and how far it came, in one row. Loads no torch but for the converted beta."""

import numpy as np
import streamlit as st

from gan_core import datasets
from gan_core.config.numbers import Significant
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import mean_of
from gan_core.experiments.vae_family import lambda_words
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.text import _

CELL_PX = 158


def facts(run: Run, step: int) -> None:
    """Lambda, the KL's reduction, the beta that it comes to, the latent's size, the last epoch's losses."""
    from gan_core.models.vae import equivalent_beta  # loads torch

    config = run.config()
    vae, latent_dim = config.vae, config.network.latent_dim
    num_pixels = int(np.prod(datasets.image_shape(config.dataset)))
    beta = Significant(equivalent_beta(vae, num_pixels, latent_dim))
    mse = vae.reconstruction == "mse"
    reduced = {"mean": _("averaged over {n} dimensions"), "sum": _("summed over {n} dimensions")}[vae.kl_reduction]
    loss_title = _("Squared error (train)") if mse else _("Cross-entropy (train)")
    cells = [
        (_("Weight of the KL, λ"), lambda_words(vae.kl_weight), reduced.format(n=latent_dim)),
        (_("Equivalent β"), f"{beta:.3g}", _("explained below")),
        (_("Size of z"), f"{latent_dim:,}", _("numbers for {n:,} pixel values").format(n=num_pixels)),
        (loss_title, *_last_epoch(run, step, "loss/reconstruction")),
        (_("KL (train)"), *_last_epoch(run, step, "loss/kl")),
    ]
    with st.container(horizontal=True):
        for name, value, words in cells:
            with st.container(width=CELL_PX, gap=None):
                st.metric(name, value)
                st.caption(words)
    averaged = vae.kl_reduction == "mean"
    formula = f"λ · {num_pixels:,}" + (" / 2" if mse else "") + (f" / {latent_dim}" if averaged else "")
    other = vae.model_copy(update={"kl_reduction": "sum" if averaged else "mean"})
    words = _(
        "**β** is the weight that the KL term would have in a β-VAE (Higgins et al. 2017), where it is summed and set against "
        "{price}: 1 is the VAE of Kingma and Welling (2014), below 1 favours accurate copies, above 1 latents close to the prior. Here "
        "β = {formula} = {beta:.3g}; with the KL {other} it would be {swapped:.3g}."
    )
    st.caption(
        words.format(
            price=_("half the summed squared error") if mse else _("the summed cross-entropy"),
            formula=formula,
            beta=beta,
            other=_("summed") if averaged else _("averaged"),
            swapped=Significant(equivalent_beta(other, num_pixels, latent_dim)),
        )
    )


def _last_epoch(run: Run, step: int, column: str) -> tuple[str, str]:
    """A loss averaged over the last epoch before a checkpoint, and over which steps."""
    mean = last_epoch(run, step, column)
    if mean is None:
        return "–", _("not recorded")
    return f"{mean.value:.4f}", _("mean of the {n:,} steps before").format(n=mean.count)


def last_epoch(run: Run, step: int, column: str) -> Estimate | None:
    """The mean of a metric over the recorded steps of the last epoch up to `step`; None if there are none."""
    columns = lab.tail(str(run.path)).columns()
    if column not in columns or "step" not in columns:
        return None
    length = max(1, run.status().steps_per_epoch)
    values = columns[column][(columns["step"] <= step) & (columns["step"] > step - length)]
    values = values[np.isfinite(values)]
    return mean_of(values) if len(values) else None

"""How labels reach the two networks. The generator always gets them joined to its latent; the ways differ at the discriminator.

The table needs no torch; the modules that do the work are in `gan_core.models.networks.critic`.
"""

from __future__ import annotations

from dataclasses import dataclass

from gan_core.config.registry import Registry


@dataclass(frozen=True)
class Conditioning:
    """A way to condition.

    Attributes:
        title: its name for people.
        uses_labels: whether labels are used at all.
        at_input: labels are joined to the discriminator's input.
        label_head: the discriminator also predicts the labels.
        projection: the discriminator's logit has the inner product of features and embedded labels as a term.
        source: the paper.
    """

    title: str
    uses_labels: bool
    at_input: bool
    label_head: bool
    projection: bool
    source: str


CONDITIONINGS: Registry[Conditioning] = Registry(
    "conditioning",
    {
        "none": Conditioning("No labels", False, False, False, False, ""),
        "concat": Conditioning(
            "Joined to the inputs (conditional GAN)",
            True,
            True,
            False,
            False,
            "Mirza and Osindero 2014, Conditional Generative Adversarial Nets",
        ),
        "acgan": Conditioning(
            "Judged by a head of their own (ACGAN)",
            True,
            False,
            True,
            False,
            "Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier GANs",
        ),
        "projection": Conditioning(
            "Projected on the features",
            True,
            False,
            False,
            True,
            "Miyato and Koyama 2018, cGANs with Projection Discriminator",
        ),
    },
)

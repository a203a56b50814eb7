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
        source: the paper; empty without labels.
        at_input: labels are joined to the discriminator's input.
        label_head: the discriminator also predicts the labels.
        projection: the discriminator's logit has the inner product of features and embedded labels as a term.
    """

    title: str
    source: str = ""
    at_input: bool = False
    label_head: bool = False
    projection: bool = False

    @property
    def uses_labels(self) -> bool:
        """Whether labels are used at all."""
        return self.at_input or self.label_head or self.projection


CONDITIONINGS: Registry[Conditioning] = Registry(
    "conditioning",
    {
        "none": Conditioning("No labels"),
        "concat": Conditioning(
            "Concatenated to the inputs (conditional GAN)",
            "Mirza and Osindero 2014, Conditional Generative Adversarial Nets",
            at_input=True,
        ),
        "acgan": Conditioning(
            "Classified by a second head (ACGAN)",
            "Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier GANs",
            label_head=True,
        ),
        "projection": Conditioning(
            "Projected onto the features",
            "Miyato and Koyama 2018, cGANs with Projection Discriminator",
            projection=True,
        ),
    },
)

"""Diagnosis: the training images are known by heart."""

from __future__ import annotations

from gan_core.analysis.doctor.finding import Diagnosis, Remedy, Sign
from gan_core.analysis.doctor.general import more_images
from gan_core.analysis.doctor.trace import PATIENCE, Trace
from gan_core.config import RunConfig

KNOWN = (
    2.0  # standard deviations between D's mean logits of training and of held-out images; 64 of each are sure to 0.2
)
COPIED = 0.6  # share of generated images nearest to a training image; half are by chance


def memorisation(trace: Trace) -> Sign | None:
    """D tells training images from held-out ones, both real; or generated images lie next to training images."""
    seen, measured = _verdict(trace), _nearest(trace)
    if seen is None or measured is None:
        return seen or measured
    return Sign(seen.step, seen.since, f"{seen.evidence} {measured.evidence}", seen.lasting)


def _verdict(trace: Trace) -> Sign | None:
    if not trace.has("memory/gap", "memory/train", "memory/held_out"):
        return None
    gap = trace.mean("memory/gap")
    place = trace.first_lasting(gap > KNOWN, PATIENCE)
    if place is None:
        return None
    began, here = int(trace.steps[place - PATIENCE * trace.window + 1]), int(trace.steps[place])
    train, unseen = trace.mean("memory/train")[place], trace.mean("memory/held_out")[place]
    evidence = (
        f"From step {began:,} to {here:,} D's logits averaged {train:.2f} on training images and {unseen:.2f} on real images that it "
        f"never saw: {gap[place]:.1f} standard deviations apart."
    )
    return Sign(here, began, evidence, lasting=trace.lasts_now(gap > KNOWN))


def _nearest(trace: Trace) -> Sign | None:
    found = trace.measured.get("copying")
    if found is None or found.low <= COPIED:
        return None
    evidence = (
        f"Measured at step {found.step:,}: {found.value:.0%} of the generated images (95 % interval {found.low:.0%} to "
        f"{found.high:.0%}) are nearer to a training image than to any of as many held-out ones; half would be chance."
    )
    return Sign(found.step, found.step, evidence)


def _against(config: RunConfig) -> list[Remedy]:
    remedies = more_images(config)
    if not config.dataset.rotation_degrees:
        remedies.append(
            Remedy(
                "Turn the images by up to 5 degrees",
                "The same picture never comes twice, so it cannot be learned by heart.",
                {"dataset.rotation_degrees": 5.0},
            )
        )
    if not config.remedies.instance_noise:
        remedies.append(
            Remedy(
                "Blur D's sight with instance noise 0.1",
                "Fine detail, by which single images are known, is hidden from it (Sønderby et al. 2017).",
                {"remedies.instance_noise": 0.1},
            )
        )
    return remedies


DIAGNOSES = (
    Diagnosis(
        "memorisation",
        "The training images are learned by heart",
        "D should learn what real images are like. Instead it knows single training images: other real images look false to it. "
        "Its verdict then leads G to copies, or nowhere.",
        "warning",
        ("memory/train", "memory/held_out"),
        memorisation,
        _against,
    ),
)

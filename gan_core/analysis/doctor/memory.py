"""Diagnoses of few images: they are memorised, or the augmentation against that shows in what G draws."""

from __future__ import annotations

from gan_core.analysis.doctor.finding import Diagnosis, Remedy, Sign, lasting_sign, of_images
from gan_core.analysis.doctor.general import more_images
from gan_core.analysis.doctor.trace import RunTrace
from gan_core.config import RunConfig

# standard deviations between D's mean logits of training and of held-out images; of 64 images each, accurate to 0.2
KNOWN = 2.0
COPIED = 0.6  # share of pairs whose generated image is nearer to a training image than the held-out one; chance is half
LEAKED = 0.02  # more of the generated than of the real images that carry a mark of augmentation
AUTHENTIC = 0.8  # of the share of authentic images among held-out ones; copies lower it


def memorisation(trace: RunTrace) -> Sign | None:
    """D's logits differ between training and held-out images, both real; or generated images lie next to training images."""
    logits, measured = _logit_gap(trace), _nearest(trace)
    if logits is None or measured is None:
        return logits or measured
    return Sign(logits.step, logits.since, f"{logits.evidence} {measured.evidence}", logits.lasting)


def _logit_gap(trace: RunTrace) -> Sign | None:
    if not trace.has("memory/gap", "memory/train", "memory/held_out"):
        return None
    gap, train, unseen = (trace.mean(f"memory/{name}") for name in ("gap", "train", "held_out"))
    words = (
        "From step {since:,} to {step:,} D's logits averaged {train:.2f} on training images and {unseen:.2f} on real images that "
        "it never saw: {gap:.1f} standard deviations apart."
    )
    return lasting_sign(trace, gap > KNOWN, words, {"gap": gap, "train": train, "unseen": unseen})


def _nearest(trace: RunTrace) -> Sign | None:
    found, authentic = (trace.measured.get(name) for name in ("copying", "authpct"))
    if found is None or found.low <= COPIED:
        return None
    if authentic is not None and authentic.real is not None and authentic.high > AUTHENTIC * authentic.real:
        return None  # nearer, since they vary too little, and yet no copies
    share, interval = f"{found.value:.0%} of", f"(95 % interval {found.low:.0%} to {found.high:.0%})"
    if not found.note or "as many held-out ones" in found.note:  # as earlier versions measured it
        words = f"{share} the generated images {interval} are nearer to a training image than to any of as many held-out ones"
    else:
        words = f"in {share} all pairs of a generated and a held-out image {interval} the generated one is nearer to a training image"
    return Sign(found.step, found.step, f"Measured at step {found.step:,}: {words}; half would be chance.")


def _against(config: RunConfig) -> list[Remedy]:
    remedies = more_images(config)
    if of_images(config) and not config.dataset.rotation_degrees:
        remedies.append(Remedy(
            "Random rotation, up to 5 degrees",
            "Exactly the same image never appears twice, so it cannot be memorised.",
            {"dataset.rotation_degrees": 5.0},
        ))  # fmt: skip
    if not config.remedies.instance_noise:
        remedies.append(Remedy(
            "Add noise to D's inputs (instance noise 0.1)",
            "It hides the fine detail by which D recognises single images (Sønderby et al. 2017).",
            {"remedies.instance_noise": 0.1},
        ))  # fmt: skip
    return remedies


def augmentation_leak(trace: RunTrace) -> Sign | None:
    """More generated images carry a mark of the run's augmentation than real ones do."""
    found = trace.measured.get("augmentation_leak")
    marking = {"translation", "cutout"} & {*trace.config.augmentation.kinds}
    if found is None or found.real is None or not marking or found.low <= found.real + LEAKED:
        return None
    words = (
        f"Measured at step {found.step:,}: {found.value:.0%} of the generated images (95 % interval {found.low:.0%} to {found.high:.0%}) "
        f"have a grey square or margin, {found.real:.0%} of the real ones."
    )
    return Sign(found.step, found.step, words)


def _against_leak(config: RunConfig) -> list[Remedy]:
    remedies = []
    if not config.augmentation.adaptive:
        remedies.append(Remedy(
            "Adaptive augmentation (ADA)",
            "As long as most images are shown without augmentation, G does not learn to reproduce it (Karras et al. 2020).",
            {"augmentation.adaptive": True},
        ))  # fmt: skip
    for kind, words in (("cutout", "cut-outs"), ("translation", "shifts")):
        if kind in config.augmentation.kinds:
            others = [other for other in config.augmentation.kinds if other != kind]
            remedies.append(Remedy(
                f"Turn the {words} off", "An augmentation that is not applied cannot leak.", {"augmentation.kinds": ",".join(others)},
            ))  # fmt: skip
    return remedies


DIAGNOSES = (
    Diagnosis(
        "memorisation", "The training images are memorised",
        "D should learn what real images have in common. Instead it has memorised training images and rates other real images as generated. "
        "G then learns to copy, or learns nothing.",
        "warning", ("memory/train", "memory/held_out"), memorisation, _against,
        of_vae=(
            "The training images are memorised",
            "The model should learn what the images have in common. Instead its samples are close to single training images.",
        ),
    ),
    Diagnosis(
        "augmentation_leak", "The augmentation leaks into the samples",
        "Real and generated images are augmented alike, so G need not reproduce the augmentation. If nearly all images are augmented it may: "
        "cut-outs and shifted borders then appear in its samples.",
        "warning", (), augmentation_leak, _against_leak,
    ),
)  # fmt: skip

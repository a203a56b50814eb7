"""Lesson 8: noise, step by step."""

from gan_core.config import RunConfig
from gan_core.evaluation.statistics.tests import of_estimates
from gan_core.experiments.arms import Arm
from gan_core.experiments.lessons import entry, terms
from gan_core.experiments.lessons.outcome import Outcomes, PredictionResult, Values, interval_words
from gan_core.presets.entry import adam, changed

RING_DDPM = changed(
    RunConfig(),
    dataset={"name": "ring8", "num_images": 12_800},
    network={"name": "mlp_time", "width": 64},
    generator_optimizer={**adam(2e-3, 0.9), "schedule": "cosine"},
    training={"batch_size": 256, "epochs": 40, "ema_decay": 0.99, "precision": "fp32", "device": "cpu", "threads": 1},
    recording={"num_samples": 256, "checkpoint_every_steps": 500, "sample_every_steps": 100},
)
"""2,000 steps of a small denoiser of points; a run takes seconds."""
ARMS = (
    Arm("one", "1 step", {"diffusion.sampling_steps": 1, "diffusion.preview_steps": 1}),
    Arm("few", "5 steps", {"diffusion.sampling_steps": 5, "diffusion.preview_steps": 5}),
    Arm("many", "50 steps", {"diffusion.preview_steps": 50}),
)
"""Their grids while they train are drawn as their points at the end are."""
MIDDLE, AROUND = 0.5, 1.5  # radii


def one_step(outcomes: Outcomes) -> PredictionResult:
    """Where points land when all noise is taken off at once."""
    run = outcomes["one"]
    radius, near = run.value("radius"), run.readings["near"]
    choice = "modes" if near.value > 0.5 else "middle" if radius < MIDDLE else "noise" if radius > AROUND else ""
    words = "Drawn in 1 step, points lie {radius} radii from the middle of the ring (root mean square); {near} of them near a mode."
    return PredictionResult(choice, words, {"radius": f"{radius:.2f}", "near": interval_words(near, ".0%")})


def levels(outcomes: Outcomes) -> PredictionResult:
    """At how much noise the error is largest."""
    found = {str(quarter): outcomes["many"].late(f"loss/quarter_{quarter}") for quarter in (1, 2, 3, 4)}
    largest = max(found, key=lambda quarter: found[quarter])
    choice = {"1": "least", "4": "most"}.get(largest, "between")
    words = (
        "Mean loss over the last fifth of the run: least noise {q1}, second quarter {q2}, third {q3}, most noise {q4}."
    )
    return PredictionResult(choice, words, {f"q{key}": f"{value:.2f}" for key, value in found.items()})


def steps(outcomes: Outcomes) -> PredictionResult:
    """Whether 50 steps put more points near the modes than 5."""
    few, many = outcomes["few"].readings["near"], outcomes["many"].readings["near"]
    first, second = (many, few) if many.value >= few.value else (few, many)
    differs = of_estimates(first, second).differs
    words = (
        "Points near a mode: 5 steps {few}, 50 steps {many}, of {count} each (95 % intervals; in a test they differ)."
        if differs
        else "Points near a mode: 5 steps {few}, 50 steps {many}, of {count} each (95 % intervals; in a test they do not differ significantly)."
    )
    values: Values = {
        "few": interval_words(few, ".0%"),
        "many": interval_words(many, ".0%"),
        "count": f"{many.count:,}",
    }
    return PredictionResult(("many" if first is many else "few") if differs else "equal", words, values)


LESSON = entry.Lesson(
    name="denoising",
    title="Noise, step by step",
    goal="See why a diffusion model draws in many small steps, and what its loss is made of.",
    needs="Best after lesson 7.",
    minutes=10,
    experiment=entry.Experiment(RING_DDPM, ARMS, ("radius", "near", "modes"), 10),
    steps=(
        entry.Read(
            "From data to noise, and back",
            "Mix a point of the ring with a little noise, again and again: after a thousand steps nothing of it is left. That way is fixed and easy. A network "
            "learns the way **back**: it sees the mixture and how far it is, and says what the point was (here through *v*, a mix of point and noise). To "
            "draw, begin with noise alone, ask, go a small step towards the answer, and ask again.",
            picture="real",
        ),
        entry.Predict(
            "one_step",
            "Suppose we take the first answer at its word and go all the way in one step. Where will the points lie?",
            (
                entry.Choice("modes", "On the eight modes: that is what the network learned"),
                entry.Choice("middle", "In the middle of the ring, where no data are"),
                entry.Choice("noise", "Still scattered like noise"),
            ),
            "middle",
            one_step,
            "At the last step a trace of the data is left in the noise; a long trained network makes use of it.",
        ),
        entry.Predict(
            "steps",
            "And 5 steps against 50: which puts more points near the modes?",
            (
                entry.Choice("few", "5: there is less to go wrong"),
                entry.Choice("equal", "No significant difference"),
                entry.Choice("many", "50: each answer is asked anew nearer to the data"),
            ),
            "many",
            steps,
            "With better samplers a few steps come near to many.",
        ),
        entry.Predict(
            "levels",
            "The network is asked at all amounts of noise. Where is its error largest?",
            (
                entry.Choice("least", "Where there is least noise"),
                entry.Choice("between", "In between"),
                entry.Choice("most", "Where there is most noise"),
            ),
            "between",
            levels,
            "For pictures it is largest with least noise: their finest detail is hard to tell from it.",
        ),
        entry.Train(
            "One denoiser, three samplers",
            "The three runs train alike, to the bit; they differ in the number of steps in which they draw.",
            ("one", "few", "many"),
            (
                entry.Curve("The loss", (("loss/diffusion", "loss"),)),
                entry.Curve(
                    "The loss by noise level",
                    (("loss/quarter_1", "least noise"), ("loss/quarter_4", "most noise")),
                    smoothing=0.5,
                ),
            ),
        ),
        entry.Check("All at once", "one_step", measures=("radius",)),
        entry.Check("5 steps, or 50", "steps", measures=("near", "modes")),
        entry.Check("Where the error is", "levels"),
        entry.Explain(
            "The answer is an average",
            "Squared error is least for the **mean** of everything that the point may have been. Of noise alone that is any of eight modes, and their mean is "
            "the middle of the ring: so one step lands there. The error is largest in between, where the noise begins to hide which mode it was. After a small step the "
            "mixture leans to one side, fewer modes are left to average, and the next answer is sharper. DDIM takes the steps without fresh "
            "noise, DDPM adds some.",
            (terms.DENOISING.of("many"),),
        ),
        entry.TakeAway(
            "A diffusion model's loss has hardly moved for hours. Is it done?",
            "Not by that: what it cannot know (which mode, which noise) makes up most of the loss and never falls. What is left to learn is "
            "small in the loss and large in the samples: look at them, and measure.",
            (
                entry.Link("run", "Watch points flow both ways", {"tab": "explore", "view": "flow"}, ("many",)),
                entry.Link("run", "The same for pictures", {"tab": "explore", "view": "process"}),
                entry.Link("train", "Train ring8-ddpm", {"preset": "ring8-ddpm"}),
            ),
        ),
    ),
)

"""The parts of a lesson. A lesson is data: a goal, an experiment, and steps in order; one renderer shows them all.

Words are English; the pages translate them where they are shown. Names of functions are import paths ("module:name"), so
that a list of lessons loads no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from gan_core.experiments.arms import Comparison
from gan_core.experiments.lessons.outcome import Outcomes, PredictionResult


@dataclass(frozen=True)
class Experiment(Comparison):
    """A comparison whose runs share seed, data order and z, and what is measured of them.

    Attributes:
        measures: names in `gan_core.experiments.lessons.measures.MEASURES`, measured of every arm that has what they need.
        seconds: what one arm took on two quiet cores, measured.
    """

    measures: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Choice:
    """One answer that may be chosen."""

    key: str
    words: str


@dataclass(frozen=True)
class Read:
    """A few plain sentences.

    Attributes:
        picture: "real" draws some of the experiment's real data beside them.
    """

    title: str
    text: str
    picture: str = ""


@dataclass(frozen=True)
class Predict:
    """A question, asked before the runs are begun or shown.

    Attributes:
        key: unique in its lesson; its name in the address.
        expected: key of the choice that theory predicts.
        result: computes what the runs show from their outcomes.
        doubt: why one run may differ from theory.
    """

    key: str
    question: str
    choices: tuple[Choice, ...]
    expected: str
    result: Callable[[Outcomes], PredictionResult]
    doubt: str

    def words(self, key: str) -> str:
        """The words of a choice; empty for an unknown key."""
        return next((choice.words for choice in self.choices if choice.key == key), "")


@dataclass(frozen=True)
class Curve:
    """A chart of runs: one curve an arm where it recorded one of the columns, else one curve a column.

    Attributes:
        columns: (metric, words) of each curve.
        smoothing: weight of the past, 0 to below 1.
        log: logarithmic vertical axis.
    """

    title: str
    columns: tuple[tuple[str, str], ...]
    smoothing: float = 0.9
    log: bool = False


@dataclass(frozen=True)
class Train:
    """Runs of some arms, side by side.

    Attributes:
        arms: names of the experiment's arms.
        curves: the one or two that matter.
    """

    title: str
    text: str
    arms: tuple[str, ...]
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class Code:
    """Lines of our source.

    Attributes:
        path: "module:function" or "module:Class.method".
        lines: beginnings of the statements to show; empty shows the whole function.
    """

    path: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Term:
    """A quantity as a formula, as lines of our code, and as a number from a run.

    Attributes:
        symbols: the meaning of the formula's letters.
        source: the paper, with the equation.
        metric: under which name the run recorded it.
        inputs: inputs of the step that it is computed from: "real", "fake", "generator" (logits), "slopes",
            "latents"; empty where it is no mean over samples.
        each: import path of the function from one input to its value; empty where a sample has no value of its own.
        arm: whose value is shown.
    """

    title: str
    latex: str
    symbols: str
    source: str
    code: Code
    metric: str
    inputs: str = ""
    each: str = ""
    arm: str = ""

    def of(self, arm: str) -> Term:
        """The same term with the value of one arm."""
        return replace(self, arm=arm)


@dataclass(frozen=True)
class Explain:
    """An explanation, and its terms.

    Attributes:
        picture: "outputs" shows samples of a step with D's output for each.
    """

    title: str
    text: str
    terms: tuple[Term, ...]
    picture: str = ""


@dataclass(frozen=True)
class Check:
    """A prediction against what was measured.

    Attributes:
        of: key of the prediction.
        measures: shown beside the result, of the arms that it compares; empty for none.
        arms: their keys; empty for all.
    """

    title: str
    of: str
    text: str = ""
    measures: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """A link to a place in the program.

    Attributes:
        page: name of the page.
        words: what to do there.
        query: parameters of its address: tab, view, preset, story.
        arms: the arms whose runs it opens: one for the page of a run, several for a comparison; arms without a run are left out.
    """

    page: str
    words: str
    query: Mapping[str, str] = field(default_factory=dict)
    arms: tuple[str, ...] = ()


@dataclass(frozen=True)
class TakeAway:
    """A closing question with its answer, and links to where it continues."""

    question: str
    answer: str
    links: tuple[Link, ...]


Step = Read | Predict | Train | Explain | Check | TakeAway


@dataclass(frozen=True)
class Lesson:
    """A guided experiment.

    Attributes:
        name: its name in the address.
        title, goal: for people; the goal is one sentence.
        needs: what to do before it, or that nothing is needed; a sentence for people.
        minutes: for reading and for the runs, on two cores.
    """

    name: str
    title: str
    goal: str
    needs: str
    minutes: int
    experiment: Experiment
    steps: tuple[Step, ...]

    def prediction(self, key: str) -> Predict:
        """The prediction with this key."""
        return next(step for step in self.predictions if step.key == key)

    @property
    def predictions(self) -> tuple[Predict, ...]:
        """Its predictions, in order."""
        return tuple(step for step in self.steps if isinstance(step, Predict))

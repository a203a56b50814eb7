"""What a lesson is made of. A lesson is data: a goal, an experiment, and steps in order; one renderer shows them all.

Words are English; the pages translate them where they are shown. Names of functions are import paths ("module:name"), so
that a list of lessons loads no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from gan_core.experiments.arms import Comparison
from gan_core.experiments.lessons.outcome import Outcomes, Verdict


@dataclass(frozen=True)
class Experiment(Comparison):
    """A comparison whose runs share seed, data order and z, and what is measured of them.

    Attributes:
        measures: names in `gan_core.experiments.lessons.measures.MEASURES`, measured of every arm.
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
        title, text: for people.
        picture: "real" draws some of the experiment's real data beside them.
    """

    title: str
    text: str
    picture: str = ""


@dataclass(frozen=True)
class Predict:
    """A question, asked before the runs are begun or shown.

    Attributes:
        key: short, unique in its lesson; what the address calls it.
        question: for people.
        choices: three or four.
        expected: key of what theory says.
        verdict: what the runs say, computed from their outcomes.
        doubt: why one run may say otherwise than theory.
    """

    key: str
    question: str
    choices: tuple[Choice, ...]
    expected: str
    verdict: Callable[[Outcomes], Verdict]
    doubt: str

    def words(self, key: str) -> str:
        """The words of a choice; empty for an unknown key."""
        return next((choice.words for choice in self.choices if choice.key == key), "")


@dataclass(frozen=True)
class Curve:
    """A chart of runs: one curve an arm where it has one column, else one curve a column.

    Attributes:
        title: for people.
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
        title, text: for people.
        arms: names of the experiment's arms.
        curves: the one or two that matter.
    """

    title: str
    text: str
    arms: tuple[str, ...]
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class Code:
    """Where our lines are.

    Attributes:
        path: "module:function" or "module:Class.method".
        lines: beginnings of the statements to show; empty shows the whole function.
    """

    path: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Term:
    """A quantity three times: as a formula, as our lines of code, and as a number from the student's own run.

    Attributes:
        title: for people.
        latex: the formula.
        symbols: what its letters mean.
        source: the paper, with the equation.
        code: our lines.
        metric: under which name the run recorded it.
        inputs: which inputs of the step it is computed from, by hand: "real", "fake", "generator" (logits), "slopes",
            "latents"; empty where it is no mean over samples.
        each: import path of what maps one input to its value; empty where a sample has none of its own.
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
    """The mechanism, and its terms.

    Attributes:
        title, text: for people.
        terms: each one as formula, code and number.
        picture: "verdicts" shows samples of a step with D's verdict on each.
    """

    title: str
    text: str
    terms: tuple[Term, ...]
    picture: str = ""


@dataclass(frozen=True)
class Check:
    """A prediction against what was measured.

    Attributes:
        title, text: for people.
        of: key of the prediction.
        measures: shown beside the verdict, of the arms that the verdict compares; empty for none.
        arms: their keys; empty for all.
    """

    title: str
    of: str
    text: str = ""
    measures: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()


@dataclass(frozen=True)
class TakeAway:
    """A question to take away with its answer, and pages on which one can go on (name of the page -> why)."""

    question: str
    answer: str
    links: Mapping[str, str]


Step = Read | Predict | Train | Explain | Check | TakeAway


@dataclass(frozen=True)
class Lesson:
    """A guided experiment.

    Attributes:
        name: its name in the address.
        title, goal: for people; the goal is one sentence.
        needs: what one had best done before, or that nothing is needed; a sentence for people.
        minutes: for reading and for the runs, on two cores.
        experiment: its runs.
        steps: in order.
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
        return next(step for step in self.steps if isinstance(step, Predict) and step.key == key)

    @property
    def predictions(self) -> tuple[Predict, ...]:
        """Its predictions, in order."""
        return tuple(step for step in self.steps if isinstance(step, Predict))

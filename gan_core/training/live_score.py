"""The accuracy of a conditional run while it trains."""

from __future__ import annotations

import torch
from torch import Tensor

from gan_core.config import RunConfig
from gan_core.evaluation import evaluators
from gan_core.evaluation.conditional import condition_lists, score_model
from gan_core.evaluation.evaluators.evaluator import Evaluator, open_evaluator
from gan_core.models.base import GenerativeModel, Metrics
from gan_core.runs import Run


class LiveScore:
    """The curve of a run's accuracy while it trains: measured after every `recording.evaluate_every_epochs` epochs.

    Samples from the model without a change to its state; an unconditional run, or one that no
    evaluator fits, is never measured. The run's events name the evaluator, and a resumed run uses the same.

    Args:
        steps_per_epoch, start_step: where epochs end, and where this session begins.
        device: of the model and the evaluator.
    """

    def __init__(
        self, run: Run, config: RunConfig, steps_per_epoch: int, start_step: int, device: torch.device
    ) -> None:
        self._config = config
        self._every_steps = config.recording.evaluate_every_epochs * steps_per_epoch
        self._device = device
        self._evaluator = self._open(run, start_step) if self._every_steps else None

    def metrics(self, step: int, model: GenerativeModel) -> Metrics:
        """The metrics of the step that was just made (steps done, from 1); none when it ends no epoch to be measured."""
        if self._evaluator is None or step % self._every_steps:
            return {}

        def sample(z: Tensor, labels: Tensor) -> Tensor:
            return model.sample(z.to(self._device), labels.to(self._device))

        measured: Metrics = {}
        for name, score in score_model(sample, self._config, self._evaluator, self._config.training.seed).items():
            values = {"accuracy": score.ratio, "hits": score.hits, "requested": score.requested}
            measured |= {f"{what}/{name}": torch.tensor(value, device=self._device) for what, value in values.items()}
        return measured

    def _open(self, run: Run, start_step: int) -> Evaluator | None:
        """The evaluator, if it has this run's labels; None for a damaged one: training continues without the curve."""
        used = [event.get("sha256") for event in run.events() if event["type"] == "evaluator"]
        fitting = evaluators.fitting(self._config)
        same = next((folder for folder in fitting if used and folder.card.weights_sha256 == used[-1]), None)
        folder = same or evaluators.folder_for(self._config)
        if folder is None:
            return None
        try:
            evaluator = open_evaluator(folder, self._device)
            condition_lists(self._config, evaluator)
        except ValueError as refusal:
            run.add_event("evaluator_refused", start_step, name=folder.info.name, error=str(refusal))
            return None
        if same is None:
            run.add_event("evaluator", start_step, name=folder.info.name, sha256=folder.card.weights_sha256)
        return evaluator

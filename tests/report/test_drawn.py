"""What the model draws for a report, of models that no other test here opens: diffusion of classes, a VAE, points, few objects."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import tiny_run

from gan_core.report import building
from gan_core.report.document import NOBODY
from gan_core.report.parts import RECORDED
from gan_core.report.templates import ReportTemplate, TemplateSection
from gan_core.training import loop

EVERY = ReportTemplate("all", "All", (TemplateSection("All", (), tuple(building.DRAWN)),))
COMMON = {"samples", "beside", "between"}


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        (
            {
                "network__name": "unet", "training__max_steps": 1, "diffusion__steps": 20, "diffusion__sampling_steps": 4,
                "diffusion__preview_steps": 2, "dataset__image_size": 16, "conditioning__name": "concat",
            },
            {"classes", "process", "eta"},
        ),
        ({"network__name": "vae", "training__max_steps": 1, "dataset__image_size": 16, "training__ema_decay": 0}, {"reconstructions", "latents"}),
    ],
    ids=["diffusion", "vae"],
)  # fmt: skip
def test_every_kind_of_model_gives_its_own_pictures(changes: dict[str, object], keys: set[str], runs_dir: Path):
    run = tiny_run(runs_dir, **changes)
    status = loop.train(run)
    assert status.state == "finished", status.error
    found = building.build([run], EVERY, NOBODY)
    assert {figure.key for figure in found.figures()} == COMMON | keys
    assert all(figure.content for figure in found.figures())
    assert len(found.missing) == 1 and found.missing[0].startswith("Not for this kind of model: ")


def test_a_model_of_points_is_reported_without_pictures(runs_dir: Path):
    run = tiny_run(runs_dir, dataset__name="ring8", network__name="mlp", training__max_steps=3)
    assert loop.train(run).state == "finished"
    every = ReportTemplate("all", "All", (TemplateSection("All", (), (*RECORDED, *building.DRAWN)),))
    found = building.build([run], every, NOBODY)
    [*missing, unfit] = found.missing
    drawn = {"Samples by class", "Reconstructions", "From noise to a sample", "Between two latents"}
    assert unfit.startswith("Not for this kind of model: ") and all(title in unfit for title in drawn)
    reasons = {why.partition(". ")[2].partition(". ")[0].removesuffix(".") for why in missing}
    assert reasons == {
        "It has no sample grid of pictures", "No picture is marked as best or worst", "Nothing was measured of it", "There is no note on the run", "The data are points, which are used as they are",
    }  # fmt: skip

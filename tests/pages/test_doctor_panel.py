"""The doctor on a run's page: quiet for a healthy run, plain and helpful for a sick one."""

from __future__ import annotations

import json
from dataclasses import replace

from gan_core.runs import Run
from gan_core.training import queue
from tests.pages.conftest import Visit, labels, words


def sicken(run: Run) -> None:
    """R4-e's story, in the log of a finished run."""
    lines = []
    for step in range(1, 1501):
        won = step > 10
        lines.append({"step": step, "epoch": 1, "images_seen": step, "time": 0, "loss/g": 5 + 60 * won, "loss/d": 0.5 - 0.4999 * won,
                      "prob/real": 0.8 + 0.199 * won, "prob/fake_before": 0.2 - 0.1999 * won})  # fmt: skip
    run.metrics_path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_healthy_run_gets_one_quiet_line(visit: Visit, trained: Run) -> None:
    text = words(visit("run", run=trained.id))
    assert "Too early to say: most checks need 200 steps." in text and "The discriminator is too strong" not in text
    trained.write_status(replace(trained.status(), step=200, total_steps=200))
    assert "No problems detected in the curves." in words(visit("run", run=trained.id))


def test_a_sick_run_is_told_with_evidence_and_buttons(visit: Visit, trained: Run) -> None:
    sicken(trained)
    app = visit("run", run=trained.id)
    text = words(app)
    assert "The discriminator is too strong" in text and "D(x) averaged 0.999" in text and "since step" in text
    assert "G's loss is out of range" in text
    assert any(label.startswith("Branch from step") for label in labels(app))


def test_a_remedys_button_queues_a_branch_and_opens_it(visit: Visit, trained: Run) -> None:
    sicken(trained)
    app = visit("run", run=trained.id)
    button = next(b for b in app.button if b.label.startswith("Branch from step"))
    app = button.click().run()
    queued = queue.queued_ids(trained.path.parent)
    assert len(queued) == 1 and queued[0] != trained.id
    assert app.query_params["run"] in (queued[0], [queued[0]])


def test_a_failed_runs_first_button_is_the_repair(visit: Visit, trained: Run) -> None:
    sicken(trained)
    trained.write_status(replace(trained.status(), state="failed", error="The loss became NaN at step 7."))
    app = visit("run", run=trained.id)
    assert (
        app.button(key="live_repair").proto.type == "primary"
        and app.button(key="live_resume").proto.type == "secondary"
    )
    app.button(key="live_repair").click().run()
    assert len(queue.queued_ids(trained.path.parent)) == 1 and app.query_params["run"] != trained.id

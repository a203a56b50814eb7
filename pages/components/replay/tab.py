"""The tab Replay of a run's page: scrub through the recording, go on from any moment another way. `?step=N`."""

from gan_core.runs import Run
from pages.components.replay.view import recording
from pages.components.shared import lab
from pages.components.shared.run_records import compared


def recorded(run: Run) -> bool:
    """Whether there is anything to play: a picture, or one recorded step."""
    return bool(run.sample_steps()) or run.metrics_path.exists()


def replay(run: Run) -> None:
    """The recording, unless it cannot be read."""
    if lab.succeeds(lambda: compared(run)):
        lab.tell_damaged_lines(run)
        recording(run)

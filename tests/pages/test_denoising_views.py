"""A diffusion model on the pages: the views that its kind offers on Explore, and nothing said of parts it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import tiny_run
from streamlit.testing.v1 import AppTest

from gan_core.config import RunConfig
from gan_core.presets import preset_config
from gan_core.runs import Run
from gan_core.training import loop
from pages.components.shared.config_form import setting_name
from tests.pages.conftest import Visit, calm, copy_of, words

FAST = {
    "network__name": "unet", "diffusion__sampling_steps": 4, "diffusion__preview_steps": 2, "diffusion__steps": 60,
    "conditioning__name": "concat", "diffusion__posthoc_ema": True,
}  # fmt: skip


@pytest.fixture(scope="session")
def denoiser_once(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """A diffusion model with labels, after 20 steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        run = tiny_run(tmp_path_factory.mktemp("denoiser"), "Out of noise", **FAST)
        assert loop.train(run).state == "finished"
    return run.path


@pytest.fixture
def denoiser(denoiser_once: Path, runs_dir: Path) -> Run:
    return copy_of(denoiser_once, runs_dir, "out-of-noise", "Out of noise")


def views(app: AppTest):
    """The control that chooses the view."""
    return next(control for control in app.segmented_control if str(control.key).startswith("explore_view_"))


def test_explore_begins_with_the_way_from_noise(visit: Visit, denoiser: Run) -> None:
    app = visit("run", tab="explore", view="process")
    offered = views(app)
    assert offered.options[3:5] == ["From noise to picture", "Steps and fresh noise"]  # after those of its labels
    assert "Find a picture" not in offered.options and "Sliders" not in offered.options
    assert "4 steps lead from step 60" in words(app)
    assert [button.label for button in app.download_button] == ["Download as a strip (PNG)"]


def test_grids_that_are_previews_say_so(visit: Visit, denoiser: Run, trained: Run) -> None:
    assert "Preview in 2 sampling steps; Explore uses 4." in words(visit("run", run=denoiser.id, tab="watch"))
    assert "Preview in" not in words(visit("run", run=trained.id, tab="watch"))


def test_dials_draw_the_same_noise_in_all_steps_and_in_few(visit: Visit, denoiser: Run) -> None:
    app = visit("run", tab="explore", view="dials")
    rows = [e.key for e in app.main if str(getattr(e, "key", "")).startswith("explore_steps_")]
    assert rows == ["explore_steps_50", "explore_steps_10"]
    calm(app.toggle(key="explore_every_step").set_value(True).run())
    rows = [e.key for e in app.main if str(getattr(e, "key", "")).startswith("explore_steps_")]
    assert rows == ["explore_steps_60", "explore_steps_50", "explore_steps_10"]
    calm(app.slider(key="explore_guidance").set_value(4.0).run())
    calm(app.select_slider(key="explore_sigma").set_value(10).run())
    assert not app.error


def test_a_picture_is_denoised_from_any_step(visit: Visit, denoiser: Run) -> None:
    app = visit("run", tab="explore", view="denoise")
    calm(app.segmented_control(key="explore_source").set_value("unseen").run())
    calm(app.slider(key="explore_begin_step_60").set_value(1).run())
    assert "explore_half_way_strip" in [getattr(e, "key", "") for e in app.main]
    assert not app.error


def test_the_straight_line_stands_beside_the_great_circle(visit: Visit, denoiser: Run) -> None:
    keys = [getattr(e, "key", "") for e in visit("run", tab="explore", view="morph").main]
    assert "explore_slerp" in keys and "explore_lerp" in keys


@pytest.mark.parametrize("page", ["explore", "replay", "compare", "watch", "measure", "settings"])
def test_no_page_speaks_of_a_discriminator_or_an_encoder(
    visit: Visit, denoiser: Run, denoiser_once: Path, runs_dir: Path, page: str
) -> None:
    other = copy_of(denoiser_once, runs_dir, "another", "Another")
    both = {"runs": f"{denoiser.id},{other.id}"}
    app = visit("compare", view="curves", **both) if page == "compare" else visit("run", run=denoiser.id, tab=page)
    said = "\n".join([words(app), *(frame.value.to_string() for frame in app.dataframe)]).lower()
    assert "loss of the denoiser" in said or page != "compare"
    assert not [word for word in ("discriminator", "encoder", "d(x)", "d(g(z))") if word in said]


def test_conditions_show_guidance_in_the_place_of_directions(visit: Visit, denoiser: Run) -> None:
    app = visit("run", tab="explore", view="guide")
    assert views(app).options[:3] == ["Ask for something", "Every class, same z", "Guidance from 0 to 8"]
    assert "conditions_guide" in [getattr(e, "key", "") for e in app.main]
    assert not app.error


def test_a_rate_is_told_with_the_network_that_it_is_of() -> None:
    rate, gan, ddpm = "generator_optimizer.learning_rate", RunConfig(), preset_config("mnist-ddpm")
    assert setting_name(rate, [ddpm, ddpm]).endswith(", denoiser")
    assert setting_name(rate, [gan, ddpm]).endswith(", generator / denoiser") and setting_name(rate).endswith(
        ", generator"
    )

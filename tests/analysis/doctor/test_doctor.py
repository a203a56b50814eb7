"""The doctor on made traces, sick and healthy: what it finds, when, and that it keeps quiet otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gan_core.analysis.doctor import DIAGNOSES, RunTrace, Sign, diagnose
from gan_core.config import with_changes
from gan_core.models.compatibility import RULES
from gan_core.models.kinds import kind_of
from gan_core.presets import preset_config
from gan_core.runs.evaluations import Evaluation
from tests.analysis.doctor.made import LENGTH, SICK, from_step, healthy, r4_e, trace, with_kl


def names(found) -> list[str]:
    return [finding.name for finding in found]


@pytest.mark.parametrize("seed", range(10))
def test_a_healthy_game_raises_no_alarm(seed):
    assert diagnose(trace(healthy(seed))) == []


def test_r4_e_is_told_long_before_its_loss_passes_fifty():
    """The report's story: D(x) to 1, D(G(z)) to 0, G's loss climbs to 86 over the second half of the run."""
    start = 1200
    columns = r4_e(start)
    found = {finding.name: finding for finding in diagnose(trace(columns))}
    passes_fifty = int(np.flatnonzero(columns["loss/g"] > 50)[0])
    assert start < found["discriminator_won"].step < passes_fifty - 300
    assert found["discriminator_won"].lasting and "D(x) averaged 0.999" in found["discriminator_won"].evidence
    assert found["bce_clamp"].severity == "failure" and found["bce_clamp"].step > found["discriminator_won"].step


def test_what_is_said_at_a_step_never_needs_a_later_one():
    columns = healthy()
    columns["prob/real"] = from_step(900, columns["prob/real"], 0.999)
    columns["prob/fake_before"] = from_step(900, columns["prob/fake_before"], 1e-4)
    columns["loss/g"] = from_step(900, columns["loss/g"], 9.0)
    whole = next(f for f in diagnose(trace(columns)) if f.name == "discriminator_won")
    cut = {name: values[: whole.step] for name, values in columns.items()}
    assert next(f for f in diagnose(trace(cut)) if f.name == "discriminator_won").step == whole.step
    shorter = {name: values[: whole.step - 1] for name, values in columns.items()}
    assert "discriminator_won" not in names(diagnose(trace(shorter)))


def test_a_discriminator_that_loses_its_lead_again_is_no_longer_lasting():
    columns = healthy()
    inside = (np.arange(LENGTH) > 500) & (np.arange(LENGTH) < 1500)
    columns["prob/real"] = np.where(inside, 0.999, columns["prob/real"])
    columns["prob/fake_before"] = np.where(inside, 1e-4, columns["prob/fake_before"])
    columns["loss/g"] = np.where(inside, 9.0, columns["loss/g"])
    found = next(f for f in diagnose(trace(columns)) if f.name == "discriminator_won")
    assert not found.lasting


@pytest.mark.parametrize("name", SICK)
@pytest.mark.parametrize("seed", range(3))
def test_each_sickness_is_found_after_it_began_and_by_its_own_name(name, seed):
    columns = healthy(seed)
    spoil, changes, began = SICK[name]
    spoil(columns)
    found = diagnose(trace(columns, **changes))
    assert names(found) == [name]
    assert began <= found[0].step <= LENGTH and found[0].lasting
    assert found[0].remedies


def test_a_generator_that_begins_with_one_picture_has_not_collapsed():
    columns = healthy()
    columns["spread/fake"] = columns["spread/fake"] * np.clip(np.arange(LENGTH) / 1200, 0.05, 1)
    assert diagnose(trace(columns)) == []


def test_a_generator_that_never_found_variety_has():
    columns = healthy()
    columns["spread/fake"] = columns["spread/fake"] * 0.1
    assert names(diagnose(trace(columns))) == ["mode_collapse"]


def test_few_images_and_many_epochs_are_noted_at_once():
    found = diagnose(trace({"step": np.empty(0)}, num_images=100, training__epochs=1000))
    assert names(found) == ["too_few_images"] and "100 images" in found[0].evidence
    assert "too_few_images" not in names(diagnose(trace(healthy(), num_images=100, training__epochs=5)))


def test_a_number_without_bound_is_named_with_its_step():
    error = "loss/g became nan at step 1,234: the numbers have grown without bound. Start again."
    found = diagnose(trace(healthy(), error=error))
    assert names(found) == ["non_finite"] and found[0].step == 1234


def test_a_learning_rate_far_too_high_is_told_when_g_does_not_follow_and_not_from_the_setting_alone():
    fast = {"discriminator_optimizer__learning_rate": 0.05}
    assert diagnose(trace(healthy(), **fast)) == []
    columns = healthy()
    SICK["learning_rate_too_high"][0](columns)
    assert names(diagnose(trace(columns, **fast))) == ["learning_rate_too_high"]
    assert diagnose(trace(columns)) == []


@pytest.mark.parametrize(("reduction", "dims"), [("mean", 1), ("sum", 128)])
@pytest.mark.parametrize(("nats", "expected"), [(0.001, ["kl_collapse"]), (0.5, []), (20.0, ["prior_hole"])])
def test_the_kl_tells_silence_from_holes_whatever_its_reduction(nats, expected, reduction, dims):
    config = with_changes(preset_config("r5-vae-lite"), {"vae.kl_reduction": reduction})
    rng = np.random.default_rng(0)
    columns = {
        "step": np.arange(1.0, 1001),
        "loss/kl": nats * dims * (1 + 0.05 * rng.normal(size=1000)),
        "loss/reconstruction": np.linspace(0.05, 0.01, 1000),
    }
    assert names(diagnose(RunTrace(columns, config, 5000, 79))) == expected


def test_a_score_that_stands_still_is_a_plateau_and_one_that_climbs_is_not():
    columns, rng = healthy(length=LENGTH * 4), np.random.default_rng(0)
    score = np.full(LENGTH * 4, np.nan)
    score[::79] = 0.4 + 0.02 * rng.normal(size=len(score[::79]))
    columns["accuracy/test"] = score
    assert names(diagnose(trace(columns))) == ["plateau"]
    columns["accuracy/test"] = score + np.linspace(0, 0.3, len(score))
    assert diagnose(trace(columns)) == []


@pytest.mark.parametrize("name", DIAGNOSES)
def test_every_remedy_is_a_change_that_the_configuration_takes(name):
    presets = ("mnist-dcgan", "r3-collapse-lite", "r5-vae-lite", "r3-sngan-lite")
    for preset in presets if name != "clip_saturation" else presets[1:2]:  # said of runs that clip
        config = with_changes(preset_config(preset), {"network.latent_dim": 1} if name == "narrow_latent" else {})
        for remedy in DIAGNOSES[name].remedies(config):
            assert with_changes(config, remedy.changes) != config or not remedy.changes
            assert remedy.title and remedy.why


@pytest.mark.parametrize("columns", [{}, {"step": np.empty(0)}, {"step": np.arange(5.0), "loss/g": np.full(5, np.nan)}])
def test_a_run_of_which_little_is_known_is_no_fault(columns):
    assert diagnose(trace(columns)) == []


def test_nearest_training_neighbours_speak_of_memorisation_where_they_were_measured():
    copied, honest = (Evaluation("copying", v, (v - 0.03, v + 0.03), 700, 100, "digits", 0) for v in (0.93, 0.52))
    columns = {"step": np.arange(1.0, 1001)}
    found = diagnose(RunTrace(columns, preset_config("r5-vae-lite"), 5000, 79, measured={"copying": copied}))
    assert names(found) == ["memorisation"] and "93% of the generated images" in found[0].evidence
    assert diagnose(RunTrace(columns, preset_config("r5-vae-lite"), 5000, 79, measured={"copying": honest})) == []


@pytest.mark.parametrize(
    ("name", "value", "words"), [("duplicates", 0.8, "80% of the generated images"), ("diversity", 0.2, "0.20 times")]
)
def test_measured_sameness_is_collapse_even_where_the_pixels_differ(name, value, words):
    measured = {name: Evaluation(name, value, (value - 0.05, value + 0.05), 900, 100, "digits", 0)}
    base = trace(healthy())
    found = diagnose(RunTrace(base.columns, base.config, base.num_images, base.steps_per_epoch, measured=measured))
    assert names(found) == ["mode_collapse"] and words in found[0].evidence


def test_the_evidence_of_memorisation_names_both_verdicts():
    columns = healthy()
    SICK["memorisation"][0](columns)
    (finding,) = diagnose(trace(columns))
    assert "on training images and" in finding.evidence and finding.columns == ("memory/train", "memory/held_out")


GAMES = ("discriminator", "generator", "D ", "D's", "G ", "G's")


@pytest.mark.parametrize(
    ("preset", "changes"),
    [
        ("r5-vae-lite", {}),
        ("r3-wgan-gp-lite", {}),
        ("r3-wgan-lite", {}),
        ("r3-sngan-lite", {}),
        ("r5-acgan-lite", {}),
        ("mnist-dcgan", {"remedies.packing": 2}),
        ("mnist-dcgan", {"objective.name": "relativistic"}),
    ],
)
@pytest.mark.parametrize("name", DIAGNOSES)
def test_every_remedy_that_is_offered_exists_for_the_model_and_is_not_refused(name, preset, changes):
    config = with_changes(preset_config(preset), changes)
    for remedy in DIAGNOSES[name].fitting(config, Sign(1, 1, "")):
        for rule in RULES:
            rule.check(with_changes(config, remedy.changes))
        assert all(kind_of(config).applies(field) for field in remedy.changes)


def test_collapse_has_the_words_and_remedies_of_its_model():
    same = {"duplicates": Evaluation("duplicates", 0.8, (0.75, 0.85), 700, 100, "digits", 0)}
    columns = {"step": np.arange(1.0, 1001)}
    vae, penalised = (
        diagnose(RunTrace(columns, preset_config(preset), 5000, 79, measured=same))[0]
        for preset in ("r5-vae-lite", "r3-wgan-gp-lite")
    )
    assert vae.name == penalised.name == "mode_collapse" and vae.title == "The samples are alike"
    words = " ".join([vae.title, vae.explanation, *(r.title + r.why for r in vae.remedies)])
    assert not any(word in words for word in GAMES)
    assert [dict(r.changes) for r in vae.remedies] == [{"vae.kl_weight": 0.0005}, {"vae.kl_weight": 0.05}]
    assert penalised.remedies and all("minibatch" not in field for r in penalised.remedies for field in r.changes)


def test_a_vae_is_told_of_no_game_whatever_is_found():
    config = preset_config("r5-vae-lite")
    for name in ("mode_collapse", "memorisation", "too_few_images", "vanishing_gradient", "non_finite", "plateau"):
        entry = DIAGNOSES[name]
        words = [*entry.words(config), *(r.title + r.why for r in entry.fitting(config, Sign(1, 1, "")))]
        assert not any(word in " ".join(words) for word in GAMES), name


@pytest.mark.parametrize(("weight", "nats", "wanted"), [(1e-8, 8.0, 2.2e-4), (1e-8, 30.0, 5e-3), (5e-3, 8.0, 5e-2)])
def test_the_remedy_against_holes_is_as_large_as_the_nats_ask_for(weight, nats, wanted):
    trace_ = with_kl(nats, 0)
    found = diagnose(replace(trace_, config=with_changes(trace_.config, {"vae.kl_weight": weight})))
    (remedy,) = next(f for f in found if f.name == "prior_hole").remedies
    assert remedy.changes["vae.kl_weight"] == pytest.approx(wanted, rel=0.3)

"""Configurations: typed, bounded, explained, the same there and back."""

from __future__ import annotations

import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from gan_core.config import (
    LIVE_FIELDS,
    RunConfig,
    choices,
    differences,
    field_names,
    get,
    live_changes,
    parse_config,
    strict_json,
    with_changes,
)
from gan_core.config.sentences import Catalogue
from gan_core.config.settings import PROJECT_DIR

INTEGERS = {
    "dataset.image_size": (4, 1024),
    "dataset.num_images": (0, 10**9),
    "network.width": (1, 1024),
    "network.latent_dim": (1, 4_000_000),
    "training.batch_size": (2, 65536),
    "training.epochs": (1, 1_000_000),
    "training.max_steps": (0, 10**9),
    "training.seed": (0, 2**31 - 1),
    "training.threads": (0, 1024),
    "recording.num_samples": (1, 256),
    "recording.keep_checkpoints": (2, 10**6),
}
legal = st.fixed_dictionaries(
    {},
    optional={name: st.integers(*bounds) for name, bounds in INTEGERS.items()}
    | {name: st.floats(0, 1, exclude_min=True) for name in LIVE_FIELDS}
    | {
        "training.ema_decay": st.floats(0, 1, exclude_max=True),
        "generator_optimizer.beta1": st.floats(0, 1, exclude_max=True),
        "generator_optimizer.schedule": st.sampled_from(["constant", "linear", "cosine", "warmup"]),
        "network.spectral_scale": st.floats(0, 100, exclude_min=True),
        "recording.checkpoint_every_s": st.floats(1e-9, 1e9),
        "dataset.channels": st.sampled_from([1, 3]),
        "dataset.root": st.text(),
        "training.precision": st.sampled_from(["auto", "fp32", "bf16"]),
        "training.device": st.sampled_from(["auto", "cpu", "mps", "cuda", "cuda:3"]),
    },
)


@given(legal)
def test_a_configuration_is_the_same_after_json(changes):
    config = with_changes(RunConfig(), changes)
    assert parse_config(strict_json(config.to_json())) == config
    assert parse_config(json.loads(config.to_json())).to_json() == config.to_json()


@given(legal)
def test_values_given_as_text_are_read_as_their_type(changes):
    texts = {name: str(value) for name, value in changes.items()}
    assert with_changes(RunConfig(), texts) == with_changes(RunConfig(), changes)


@given(legal)
def test_differences_name_exactly_what_was_changed(changes):
    config = with_changes(RunConfig(), changes)
    expected = {n: (get(RunConfig(), n), v) for n, v in changes.items() if v != get(RunConfig(), n)}
    assert differences(RunConfig(), config) == expected


def test_every_field_is_explained():
    for name, info in field_names().items():
        assert info.description and len(info.description) > 10 and info.description.endswith("."), name


def test_every_number_of_a_section_has_bounds_and_a_unit_entry():
    for name, info in field_names().items():
        if info.annotation in (int, float):
            assert info.metadata, name
            assert "unit" in info.json_schema_extra, name


@pytest.mark.parametrize(("name", "bounds"), INTEGERS.items())
def test_values_beyond_a_bound_are_refused_with_field_rule_and_value(name, bounds):
    below = bounds[0] - 1
    with pytest.raises(ValueError, match=rf"'{name}' must be greater than or equal to {bounds[0]}; got {below}\."):
        with_changes(RunConfig(), {name: below})
    assert get(with_changes(RunConfig(), {name: bounds[0]}), name) == bounds[0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dataset.image_size": 2000}, r"'dataset.image_size' must be less than or equal to 1024; got 2000\."),
        ({"dataset.image_size": "big"}, r"'dataset.image_size' must be a valid integer.*; got 'big'\."),
        ({"dataset.image_size": 32.5}, r"'dataset.image_size' must be a valid integer.*; got 32.5\."),
        ({"dataset.channels": 2}, r"'dataset.channels' must be one of: 1, 3; got 2\."),
        ({"dataset.channels": "2"}, r"'dataset.channels' must be one of: 1, 3; got '2'\."),
        (
            {"generator_optimizer.learning_rate": 0},
            r"'generator_optimizer.learning_rate' must be greater than 0; got 0",
        ),
        ({"generator_optimizer.learning_rate": "nan"}, r"'generator_optimizer.learning_rate' must be a finite number"),
        ({"generator_optimizer.learning_rate": math.inf}, r"'generator_optimizer.learning_rate' must be .*; got inf"),
        ({"training.precision": "fp8"}, r"'training.precision' must be one of: auto, fp32, bf16; got 'fp8'\."),
        ({"training.device": "gpu"}, r"'training.device' must be auto, cpu, mps, cuda or cuda:N; got 'gpu'\."),
        (
            {"training.epoch": 3},
            r"Unknown setting 'training.epoch'\. Choose one of: training.batch_size, training.epochs",
        ),
        ({"width": 3}, r"Unknown setting 'width'\. Choose one of: schema_version, preset, dataset.name"),
        ({"training": 3}, r"Unknown setting 'training'\. Choose one of: training.batch_size"),
        ({"": 3}, r"Unknown setting ''\. Choose one of: "),
        ({"training.epochs.x": 3}, r"Unknown setting 'training.epochs.x'\. Choose one of: training.batch_size"),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_a_sentence(changes, sentence):
    with pytest.raises(ValueError, match=sentence) as refusal:
        with_changes(RunConfig(), changes)
    assert "pydantic" not in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"dataset": {"colour": 1}}, r"Unknown setting 'dataset.colour'\. Choose one of: dataset.name, dataset.root"),
        ({"extra": 1}, r"Unknown setting 'extra'\. Choose one of: schema_version, preset, dataset"),
        ({"schema_version": 2}, "has schema version 2; this program reads version 1"),
        ({"schema_version": "x" * 1000}, "has schema version 'x{30,40}"),
        ({"training": []}, "'training' must be"),
        ([], "'configuration' must be"),
        (None, "'configuration' must be"),
        ({"training": {"epochs": 0, "batch_size": 1}}, "'training.batch_size' must .*; got 1. 'training.epochs' must"),
    ],
)
def test_json_that_is_no_configuration_is_refused_with_a_sentence(data, sentence):
    with pytest.raises(ValueError, match=sentence):
        parse_config(data)


def test_a_configuration_from_before_a_field_has_its_default():
    old = json.loads(RunConfig().to_json())
    del (
        old["generator_optimizer"]["schedule"],
        old["discriminator_optimizer"]["schedule"],
        old["network"]["spectral_scale"],
    )
    assert parse_config(old) == RunConfig()
    assert (RunConfig().generator_optimizer.schedule, RunConfig().network.spectral_scale) == ("constant", 1)


def test_a_configuration_never_changes():
    with pytest.raises(ValueError, match="frozen"):
        RunConfig().training.epochs = 3


def test_the_live_fields_are_the_two_learning_rates_and_exist():
    assert set(LIVE_FIELDS) == {f"{n}_optimizer.learning_rate" for n in ("generator", "discriminator")}
    assert set(LIVE_FIELDS) <= field_names().keys()
    assert live_changes(RunConfig(), {LIVE_FIELDS[0]: "1e-3"}) == {LIVE_FIELDS[0]: 0.001}
    with pytest.raises(ValueError, match=r"'training.seed' cannot be changed during training\. These can: "):
        live_changes(RunConfig(), {"training.seed": 1})


def test_choices_are_those_of_literal_fields():
    fields = field_names()
    assert choices(fields["dataset.channels"]) == (1, 3)
    assert choices(fields["training.precision"]) == ("auto", "fp32", "bf16")
    assert choices(fields["training.epochs"]) == ()


def test_every_section_refuses_unknown_keys():
    for info in RunConfig.model_fields.values():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            with pytest.raises(ValueError, match="Extra inputs are not permitted"):
                info.annotation(surely_not_a_field=1)


WRONG = (
    None, "abc", "", b"\xff", -(10**9), 10**30, "9" * 5000, 1.5, -0.5, math.nan, math.inf, [], [1], {}, {"x": 1}, object(),
)  # fmt: skip
"""Values of every kind that a file, a form or a command may bring."""


def test_every_refusal_of_a_value_is_our_own_sentence_and_has_a_translation():
    """All fields and sections with all these values: none falls back to the words of pydantic, and Chinese has no word of English."""
    say = Catalogue(PROJECT_DIR / "locales", "zh_TW").text
    names, kinds = [*field_names(), *RunConfig.model_fields], set()
    for name in names:
        for value in WRONG:
            section, _, field = name.partition(".")
            try:
                parse_config({section: {field: value} if field else value})
            except ValueError as refusal:
                english = str(refusal)
                assert "cannot be used" not in english and "Input should" not in english
                if "Unknown setting" in english or "schema version" in english:
                    continue
                rule = english.partition(" must be ")[2].partition("; got ")[0]
                assert rule, english
                kinds.add(re.sub(r"[\d.]+", "N", rule.partition(":")[0]))
                chinese = (
                    say(english).partition(repr(value)[:60])[0].replace(name, "").replace(rule.partition(": ")[2], "")
                )
                assert not re.search(r"[A-Za-z]{2,}", re.sub(r"auto|cpu|mps|cuda|true|false", "", chinese)), chinese
    assert len(kinds) >= 13, kinds

"""From what was asked to what will run, and what is refused on the way."""

from __future__ import annotations

import pytest
from PIL import Image

from gan_core.config import RunConfig, with_changes
from gan_core.config.devices import Machine
from gan_core.presets import PRESETS
from gan_core.training.plan import check, check_data, epoch_of, resolve, total_steps

LAPTOP = Machine(("cpu",), ("CPU",), threads=2, bf16_devices=())
FAST = Machine(("cpu",), ("CPU",), threads=8, bf16_devices=("cpu",))
WORKSTATION = Machine(("cuda:0", "cuda:1", "cpu"), ("A", "B", "CPU"), threads=16, bf16_devices=("cuda:0",))


def resolved(machine: Machine = LAPTOP, **changes) -> RunConfig:
    return resolve(with_changes(RunConfig(), {k.replace("__", "."): v for k, v in changes.items()}), machine)


@pytest.mark.parametrize(
    ("machine", "wanted", "device", "precision"),
    [
        (LAPTOP, "auto", "cpu", "fp32"),
        (FAST, "auto", "cpu", "bf16"),
        (WORKSTATION, "auto", "cuda:0", "bf16"),
        (WORKSTATION, "cuda", "cuda:0", "bf16"),
        (WORKSTATION, "cuda:1", "cuda:1", "fp32"),
        (WORKSTATION, "cpu", "cpu", "fp32"),
    ],
)
def test_device_and_precision_are_decided_together(machine, wanted, device, precision):
    training = resolved(machine, training__device=wanted).training
    assert (training.device, training.precision) == (device, precision)


def test_threads_are_the_machines_unless_said_otherwise():
    assert resolved(FAST).training.threads == 8
    assert resolved(FAST, training__threads=3).training.threads == 3


def test_a_precision_that_was_asked_for_stays():
    assert resolved(FAST, training__precision="fp32").training.precision == "fp32"
    assert resolved(LAPTOP, training__precision="bf16").training.precision == "bf16"


def test_samples_and_checkpoints_are_spread_over_the_run():
    recording = resolved(training__batch_size=50, training__epochs=60).recording  # 5,400 steps
    assert (recording.sample_every_steps, recording.checkpoint_every_steps) == (90, 540)
    short = resolved(training__max_steps=7).recording
    assert (short.sample_every_steps, short.checkpoint_every_steps) == (1, 1)
    told = resolved(recording__sample_every_steps=11, recording__checkpoint_every_steps=13).recording
    assert (told.sample_every_steps, told.checkpoint_every_steps) == (11, 13)


def test_a_resolved_configuration_stays_as_it_is():
    once = resolved(WORKSTATION)
    assert resolve(once, WORKSTATION) == once
    assert "auto" not in once.to_json()


def test_steps_are_counted_with_the_last_smaller_batch():
    assert epoch_of(PRESETS["r1-dcgan"].config, 202_599).steps == 1_583
    assert total_steps(PRESETS["r1-dcgan"].config, 202_599) == 15_830
    assert total_steps(PRESETS["r1-dcgan-lite"].config, 5_000) == 1_580
    assert total_steps(with_changes(RunConfig(), {"training.max_steps": 3}), 5_000) == 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"preset": "nothing"}, r"Unknown preset 'nothing'\. Choose one of: mnist-dcgan, r1-dcgan, r1-dcgan-lite,"),
        ({"dataset.name": "lsun"}, r"Unknown data set 'lsun'\. Choose one of: mnist5k, faces,"),
        ({"network.name": "vit"}, r"Unknown network 'vit'\. Choose one of: dcgan4, dcgan5,"),
        ({"objective.name": "mse"}, r"Unknown objective 'mse'\. Choose one of: bce, least_squares,"),
        ({"dataset.image_size": 40}, r"a power of two, at least 8; got 40\. Set dataset.image_size to 32 or 64\."),
        ({"training.device": "cuda:0"}, r"no device 'cuda:0'\. Set training.device to one of: auto, cpu\."),
        ({"training.device": "mps"}, r"no device 'mps'\. Set training.device to one of: auto, cpu\."),
        ({"dataset.name": "folder"}, r"needs a folder: set dataset.root"),
        ({"dataset.num_images": 10}, r"has 10 images, fewer than one batch of 64\. Add images, or set training.batch_size to 10"),
        ({"training.batch_size": 6000}, r"has 4500 images, fewer than one batch of 6000"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_with_rule_value_and_way_out(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        resolve(with_changes(RunConfig(), changes), LAPTOP)


def test_a_single_image_is_refused_with_an_advice_that_can_be_followed(tmp_path):
    """A batch has at least two images, so a batch of one must not be what is advised."""
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    config = with_changes(RunConfig(), {"dataset.name": "folder", "dataset.root": str(tmp_path)})
    with pytest.raises(ValueError, match="fewer than one batch of 64") as refusal:
        resolve(config, LAPTOP)
    assert "to 1 or less" not in str(refusal.value)


def test_exactly_one_batch_is_enough():
    check_data(with_changes(RunConfig(), {"training.batch_size": 64}), 64)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_legal_named_and_described(name):
    preset = PRESETS[name]
    check(preset.config)
    assert preset.config.preset == preset.name == name
    assert len(preset.description) > 40 and preset.title


def test_a_folder_that_is_named_from_where_one_stands_is_found_from_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "here" / "pics").mkdir(parents=True)
    for number in range(4):
        Image.new("L", (8, 8), number).save(tmp_path / "here" / "pics" / f"{number}.png")
    monkeypatch.chdir(tmp_path / "here")
    asked = {"dataset.name": "folder", "dataset.root": "pics", "training.batch_size": 4}
    config = resolve(with_changes(RunConfig(), asked), LAPTOP)
    monkeypatch.chdir(tmp_path)
    assert config.dataset.root == str(tmp_path / "here" / "pics")
    assert resolve(config, LAPTOP) == config
    assert resolve(RunConfig(), LAPTOP).dataset.root == ""

"""Evaluators on the disk: what was kept is what is opened, damage of any kind is refused, and the right one is found."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluator_helpers import tiny_evaluator
from helpers import tiny
from safetensors.torch import load, save

from gan_core.config import RunConfig, settings, with_changes
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators import (
    CARD,
    WEIGHTS,
    Card,
    EvaluatorFolder,
    available,
    folder_for,
    read_folder,
    require,
)
from gan_core.evaluation.evaluators.evaluator import keep, open_evaluator
from gan_core.evaluation.evaluators.scale import SCALE


@pytest.fixture(scope="module")
def original(tmp_path_factory, shared_cache) -> EvaluatorFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        return tiny_evaluator(tmp_path_factory.mktemp("evaluators"))


@pytest.fixture
def folder(original: EvaluatorFolder, tmp_path: Path) -> EvaluatorFolder:
    """A copy among the user's own, to be spoilt."""
    place = settings.evaluators_dir() / original.info.name
    shutil.copytree(original.path, place)
    return read_folder(place)


def rewritten(folder: EvaluatorFolder, **changes) -> EvaluatorFolder:
    """The same evaluator with other tensors or another card, all hashes right."""
    tensors = changes.pop("tensors", None)
    if tensors is not None:
        (folder.path / WEIGHTS).write_bytes(save(tensors))
        changes["weights_sha256"] = hashlib.sha256((folder.path / WEIGHTS).read_bytes()).hexdigest()
    card = folder.card.model_copy(update=changes)
    (folder.path / CARD).write_bytes(card.sealed_json())
    return read_folder(folder.path)


def tensors_of(folder: EvaluatorFolder) -> dict[str, torch.Tensor]:
    return load((folder.path / WEIGHTS).read_bytes())


def test_what_was_kept_is_read_back(original: EvaluatorFolder):
    assert read_folder(original.path) == original
    assert original.info.label_names == tuple("0123456789") and original.info.kind == "classes"
    assert {p.name for p in original.path.iterdir()} == {CARD, WEIGHTS, SCALE}


def test_it_judges_the_same_each_time_it_is_opened(original: EvaluatorFolder):
    pictures = np.random.default_rng(0).integers(0, 256, (250, 1, 8, 8), np.uint8)
    first, second = (open_evaluator(original).logits(pictures) for _ in range(2))
    assert first.shape == (250, 10) and first.dtype == torch.float32
    torch.testing.assert_close(first, second, rtol=0, atol=0)
    torch.testing.assert_close(open_evaluator(original).logits(pictures[240:]), first[240:])
    torch.testing.assert_close(open_evaluator(original).logits(torch.from_numpy(pictures)), first)


def test_layers_are_kept_in_half_precision_and_nothing_else_is(original: EvaluatorFolder):
    types = {name: tensor.dtype for name, tensor in tensors_of(original).items()}
    assert types["stem.0.weight"] == types["head.weight"] == torch.float16
    assert types["stem.1.running_var"] == types["head.bias"] == torch.float32


def test_a_flipped_bit_anywhere_in_the_weights_is_refused(folder: EvaluatorFolder):
    content = bytearray((folder.path / WEIGHTS).read_bytes())
    for place in np.random.default_rng(0).integers(0, len(content), 20):
        spoilt = bytearray(content)
        spoilt[place] ^= 1 << int(place) % 8
        (folder.path / WEIGHTS).write_bytes(spoilt)
        with pytest.raises(ValueError, match="weights of the evaluator 'tiny' are damaged: their SHA-256"):
            open_evaluator(folder)


def test_a_flipped_bit_in_the_card_is_refused_or_changes_nothing(folder: EvaluatorFolder):
    content = (folder.path / CARD).read_bytes()
    for place in range(0, len(content), 3):
        spoilt = bytearray(content)
        spoilt[place] ^= 1 << place % 7
        (folder.path / CARD).write_bytes(spoilt)
        try:
            assert read_folder(folder.path).card == folder.card  # white space
        except ValueError as refusal:
            assert CARD in str(refusal)


def test_a_missing_file_is_refused(folder: EvaluatorFolder, tmp_path: Path):
    (folder.path / WEIGHTS).unlink()
    with pytest.raises(ValueError, match=r"no readable weights\.safetensors"):
        open_evaluator(folder)
    (folder.path / CARD).unlink()
    with pytest.raises(ValueError, match=r"no readable evaluator\.json, so it is no evaluator"):
        read_folder(folder.path)
    assert available() == []


def test_weights_of_another_shape_name_or_type_are_refused_though_their_hash_is_right(folder: EvaluatorFolder):
    with pytest.raises(ValueError, match=r"do not fit its network: 'head\.weight' has shape"):
        open_evaluator(rewritten(folder, tensors=tensors_of(folder) | {"head.weight": torch.zeros(9, 16).half()}))
    good = tensors_of(folder) | {"head.weight": torch.zeros(10, 16).half()}
    with pytest.raises(ValueError, match="1 tensors differ, the first 'evil'"):
        open_evaluator(rewritten(folder, tensors=good | {"evil": torch.zeros(1)}))
    with pytest.raises(ValueError, match=r"1 tensors differ, the first 'head\.bias'"):
        open_evaluator(rewritten(folder, tensors={k: v for k, v in good.items() if k != "head.bias"}))
    with pytest.raises(ValueError, match=r"type torch\.float32, not .* torch\.float16"):
        open_evaluator(rewritten(folder, tensors=good | {"head.weight": torch.zeros(10, 16)}))
    with pytest.raises(ValueError, match=r"'head\.bias' is not finite"):
        open_evaluator(rewritten(folder, tensors=good | {"head.bias": torch.full((10,), torch.nan)}))
    with pytest.raises(ValueError, match="do not fit its network"):
        open_evaluator(rewritten(folder, tensors=good, width=3))


def test_a_huge_or_foreign_file_is_refused_before_it_is_read(folder: EvaluatorFolder):
    with (folder.path / WEIGHTS).open("ab") as file:
        file.truncate(10**12)  # a hole: it takes no room, and reading it would take all memory
    with pytest.raises(ValueError, match="1,000,000,000,000 bytes"):
        open_evaluator(folder)
    (folder.path / WEIGHTS).write_bytes(b"\x80\x04." * 9)  # a pickle
    sealed = folder.card.model_copy(update={"weights_sha256": hashlib.sha256(b"\x80\x04." * 9).hexdigest()})
    (folder.path / CARD).write_bytes(sealed.sealed_json())
    with pytest.raises(ValueError, match=r"weights\.safetensors cannot be read"):
        open_evaluator(read_folder(folder.path))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"width": 10**6}, "width"),
        ({"schema_version": 2}, "schema_version"),
        ({"extra": 1}, "extra"),
        ({"weights_sha256": "x"}, "weights_sha256"),
        ({"info": {"name": "x"}}, "info"),
    ],
)
def test_a_card_that_breaks_a_rule_is_refused_with_the_field(folder: EvaluatorFolder, change: dict, words: str):
    content = json.loads((folder.path / CARD).read_bytes()) | change
    (folder.path / CARD).write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f"does not describe an evaluator: {words}"):
        read_folder(folder.path)


@pytest.mark.parametrize("text", ["", "[]", "7", '{"a": NaN}', "[" * 100_000])
def test_a_card_that_is_no_card_is_refused(folder: EvaluatorFolder, text: str):
    (folder.path / CARD).write_text(text)
    with pytest.raises(ValueError, match=r"evaluator\.json' (is damaged|does not describe an evaluator)"):
        read_folder(folder.path)


def test_an_evaluator_never_replaces_another(folder: EvaluatorFolder):
    with pytest.raises(ValueError, match=r"already\. Give another --name"):
        keep(folder.path, folder.card, b"")
    assert open_evaluator(folder)


def conditional(**changes) -> RunConfig:
    return tiny(conditioning__name="concat", **changes)


def test_the_evaluator_of_the_runs_data_set_is_found(folder: EvaluatorFolder):
    assert folder_for(conditional()) == folder
    assert folder_for(conditional(conditioning__labels=("3", "1"))) == folder
    assert require(conditional(), "x") == folder


def test_an_unconditional_run_has_none_and_the_reason_is_said(folder: EvaluatorFolder):
    assert folder_for(tiny()) is None
    with pytest.raises(ValueError, match=r"run 'mine' is unconditional: nobody tells it what to draw.*r2-cgan-lite"):
        require(tiny(), "mine")


def with_info(folder: EvaluatorFolder, name: str, **changes) -> EvaluatorFolder:
    """A copy of the folder under another name, whose card claims something else."""
    place = shutil.copytree(folder.path, folder.path.with_name(name))
    info = replace(folder.info, name=name, **changes)
    (place / CARD).write_bytes(folder.card.model_copy(update={"info": info}).sealed_json())
    return read_folder(place)


def test_i_clevr_is_never_judged_by_the_evaluator_for_the_drawn_blocks(folder: EvaluatorFolder):
    """Same labels, same size and channels; other pictures."""
    with_info(folder, "blocks", dataset="blocks")
    folder_of_digits = with_changes(conditional(), {"dataset.name": "mnist"})
    assert folder_for(folder_of_digits) is None
    assert folder_for(with_changes(conditional(), {"dataset.name": "blocks"})).info.name == "blocks"
    assert folder_for(with_changes(conditional(), {"dataset.name": "iclevr", "dataset.root": "/x"})) is None
    mine = with_info(folder, "mine", dataset="iclevr")
    assert folder_for(with_changes(conditional(), {"dataset.name": "iclevr", "dataset.root": "/x"})) == mine


def test_another_number_of_channels_or_an_unknown_label_finds_none_and_says_how_to_train_one(folder: EvaluatorFolder):
    grey = with_changes(conditional(), {"dataset.channels": 3})
    assert folder_for(grey) is None
    command = "python -m gan_core train-evaluator mnist5k --image-size 8 --channels 3"
    with pytest.raises(ValueError, match=f"no evaluator for the data set 'mnist5k' with 3 colour channels.*{command}"):
        require(grey, "x")
    odd = with_changes(conditional(), {"conditioning.labels": ("3", "eleven")})
    assert folder_for(odd) is None
    with pytest.raises(
        ValueError, match=r"'tiny' for 'mnist5k' does not know the label 'eleven' of the run 'x'\. Train"
    ):
        require(odd, "x")
    points = with_changes(conditional(), {"dataset.name": "ring8"})
    with pytest.raises(ValueError, match="draws points"):
        require(points, "x")


def test_two_folders_of_pictures_are_two_data_sets(folder: EvaluatorFolder, tmp_path: Path):
    config = with_changes(conditional(), {"dataset.name": "folder", "dataset.root": str(tmp_path / "cats")})
    training = folder.card.training
    cats = training.model_copy(update={"dataset": config.dataset})
    mine = rewritten(with_info(folder, "cats", dataset="folder"), training=cats)
    assert folder_for(config) == mine
    assert folder_for(with_changes(config, {"dataset.root": str(tmp_path / "dogs")})) is None


def test_the_users_own_comes_before_the_one_that_is_shipped(folder: EvaluatorFolder):
    shipped = evaluators.shipped_dir() / "digits"
    shutil.copytree(folder.path, shipped)
    assert [f.shipped for f in available()] == [False, True]
    assert folder_for(conditional()) == folder
    shutil.rmtree(folder.path)
    assert folder_for(conditional()).path == shipped


def test_a_damaged_folder_hides_no_other(folder: EvaluatorFolder):
    spoilt = folder.path.with_name("aaa")
    shutil.copytree(folder.path, spoilt)
    (spoilt / CARD).write_text("{")
    (folder.path.parent / "empty").mkdir()
    assert available() == [folder]


def test_a_card_is_plain_json_without_this_machines_paths(original: EvaluatorFolder):
    text = (original.path / CARD).read_text()
    card = Card.model_validate({k: v for k, v in json.loads(text).items() if k != "seal"})
    assert card == original.card
    assert str(original.path.parent) not in text

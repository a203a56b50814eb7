"""Checkpoints: whole, verified, fitting, and few."""

from __future__ import annotations

import itertools
import json

import pytest
import torch
from helpers import tiny_run
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from gan_core.models.building import build
from gan_core.runs import Run, branching, checkpoints
from gan_core.runs.checkpoints import _thinned
from gan_core.runs.portable import sha256
from gan_core.training import loop

FILES = ["model.safetensors", "ema.safetensors", "optimizer.safetensors", "state.json"]


@pytest.fixture
def run(runs_dir) -> Run:
    """A run with checkpoints of steps 0 and 5."""
    made = tiny_run(runs_dir, training__max_steps=5)
    assert loop.train(made).state == "finished"
    return made


def load(run: Run, step: int = 5):
    model = build(run.config(), "cpu")
    return model, checkpoints.load(run, step, model)


def test_a_checkpoint_has_its_files_and_a_manifest_entry_each(run):
    assert sorted(p.name for p in run.checkpoint_dir(5).iterdir()) == sorted(FILES)
    manifest = json.loads(run.manifest_path.read_bytes())
    assert sorted(manifest) == sorted(f"step-{step:08d}/{name}" for step in (0, 5) for name in FILES)


def test_what_is_loaded_is_what_was_saved(run):
    model, state = load(run)
    assert state["step"] == 5
    checkpoints.save(run, 6, model, {"seconds": 1.0}, keep=20)
    for name in FILES[:3]:
        before, after = (load_file(run.checkpoint_dir(step) / name) for step in (5, 6))
        assert before.keys() == after.keys() and all(torch.equal(before[k], after[k]) for k in before)
    old, new = (json.loads((run.checkpoint_dir(step) / "state.json").read_bytes()) for step in (5, 6))
    assert (new["rng"], new["groups"]) == (old["rng"], old["groups"])


def test_a_run_without_an_average_has_no_average_file(runs_dir):
    run = tiny_run(runs_dir, training__max_steps=1, training__ema_decay=0.0)
    loop.train(run)
    assert not (run.checkpoint_dir(1) / "ema.safetensors").exists()


@pytest.mark.parametrize("place", [0.0, 0.3, 0.7, 0.999])
@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_noticed_anywhere_in_any_file(run, name, place):
    file = run.checkpoint_dir(5) / name
    content = bytearray(file.read_bytes())
    content[int(place * len(content))] ^= 0b100
    file.write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name} of '.*' is damaged: its SHA-256 is not the manifest's"):
        load(run)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_noticed(run, name):
    file = run.checkpoint_dir(5) / name
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match=rf"{name} of '.*' is damaged"):
        load(run)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(run, name):
    (run.checkpoint_dir(5) / name).unlink()
    with pytest.raises(ValueError, match=rf"step-00000005/{name} of '.*' is missing"):
        load(run)


@pytest.mark.parametrize("manifest", [b"", b"{}", b"[]", b"nonsense"])
def test_files_that_the_manifest_does_not_know_are_not_trusted(run, manifest):
    run.manifest_path.write_bytes(manifest)
    with pytest.raises(ValueError, match="not in its manifest, so it is not loaded"):
        load(run)


def rewrite(run: Run, name: str, change, step: int = 5) -> None:
    """A file that somebody made, with a manifest to match."""
    file = run.checkpoint_dir(step) / name
    tensors = load_file(file)
    change(tensors)
    save_file(tensors, file)
    manifest = json.loads(run.manifest_path.read_bytes())
    run.manifest_path.write_text(json.dumps(manifest | {f"step-{step:08d}/{name}": sha256(file)}))


WEIGHT = "generator.layers.0.weight"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.pop(WEIGHT), "does not fit this architecture: 1 tensors differ, the first 'generator.layers.0"),
        (lambda t: t.update({"../evil": torch.zeros(1)}), r"1 tensors differ, the first '\.\./evil'"),
        (lambda t: t.update({WEIGHT: torch.zeros(1)}), r"has shape \(1,\) and type torch.float32; this architecture"),
        (lambda t: t.update({WEIGHT: t[WEIGHT].double()}), "type torch.float64; this architecture needs"),
        (lambda t: t[WEIGHT].fill_(torch.nan), "'generator.layers.0.weight' .* not finite"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(run, change, sentence):
    rewrite(run, "model.safetensors", change)
    with pytest.raises(ValueError, match=sentence):
        load(run)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.update({"generator.0.exp_avg": torch.zeros(7)}),
        lambda t: t.update({"generator.999.exp_avg": torch.zeros(7)}),
        lambda t: t.update({"nonsense": torch.zeros(7)}),
        lambda t: t.pop("generator.0.exp_avg"),
    ],
    ids=["shape", "number", "name", "missing"],
)
def test_optimiser_states_that_do_not_fit_are_refused(run, change):
    rewrite(run, "optimizer.safetensors", change)
    with pytest.raises(ValueError, match="does not fit"):
        load(run)


OPTIMIZERS = [("adam", 0.5), ("adam", 0.0), ("adamax", 0.5), ("rmsprop", 0.5), ("sgd", 0.5), ("sgd", 0.0)]


@pytest.mark.parametrize(("name", "beta1"), OPTIMIZERS)
def test_an_optimiser_whose_state_lacks_a_name_gives_way_to_an_older_checkpoint(runs_dir, name, beta1):
    own = {"generator_optimizer__name": name, "generator_optimizer__beta1": beta1}
    run = tiny_run(runs_dir, **own, training__max_steps=2, recording__checkpoint_every_steps=1)
    loop.train(run)
    load(run, 2)  # sound
    whole = load_file(file := run.checkpoint_dir(2) / "optimizer.safetensors")
    kinds = sorted({key.partition(".")[2].partition(".")[2] for key in whole if key.startswith("generator.")})
    lacking = [lambda key, kind=kind: key.startswith("generator.") and key.endswith(f".{kind}") for kind in kinds]
    for lacks in lacking if len(kinds) > 1 else []:
        rewrite(run, "optimizer.safetensors", lambda t, lacks=lacks: [t.pop(key) for key in [*t] if lacks(key)], step=2)
        with pytest.raises(
            ValueError, match=r"does not fit this architecture, or is not whole.*Use another checkpoint"
        ):
            load(run, 2)
        save_file(whole, file)
    rewrite(
        run,
        "optimizer.safetensors",
        lambda t: t.update({"generator.0.evil": torch.zeros_like(whole[min(whole)])}),
        step=2,
    )
    assert loop.train(run).state == "finished"
    (refused,) = [event for event in run.events() if event["type"] == "checkpoint_refused"]
    assert refused["step"] == 2 and "fit this architecture" in refused["error"]


def test_a_generator_that_had_no_turn_yet_has_no_state(runs_dir):
    run = tiny_run(runs_dir, objective__n_critic=20, training__max_steps=10)
    loop.train(run)
    assert not [
        key for key in load_file(run.checkpoint_dir(10) / "optimizer.safetensors") if key.startswith("generator.")
    ]
    load(run, 10)


def test_a_branch_with_another_momentum_takes_the_state_as_it_was(runs_dir):
    for before, after in ((0.0, 0.9), (0.9, 0.0)):
        own = {"generator_optimizer__name": "sgd", "generator_optimizer__beta1": before}
        parent = tiny_run(runs_dir, **own, training__max_steps=2)
        loop.train(parent)
        made = branching.branch(runs_dir, parent, 2, {"generator_optimizer.beta1": after, "training.max_steps": 3}, "b")
        assert loop.train(made).state == "finished"


def rewrite_state(run: Run, change) -> None:
    """A state.json that somebody wrote, with a manifest to match."""
    file = run.checkpoint_dir(5) / "state.json"
    state = json.loads(file.read_bytes())
    change(state)
    file.write_text(json.dumps(state))
    manifest = json.loads(run.manifest_path.read_bytes())
    run.manifest_path.write_text(json.dumps(manifest | {"step-00000005/state.json": sha256(file)}))


@pytest.mark.parametrize(
    "change",
    [
        *(lambda s, name=name: s.pop(name) for name in ("groups", "seconds", "rng")),
        *(lambda s, rng=rng: s.update(rng=rng) for rng in (7, "", "AAAA", "no base64!")),
        *(lambda s, seconds=seconds: s.update(seconds=seconds) for seconds in ("x", -1, None, True)),
        *(lambda s, groups=groups: s.update(groups=groups) for groups in ([], {}, {"generator": []}, "x")),
        *(
            lambda s, odd=odd: s["groups"]["generator"][0].update(odd)
            for odd in ({"lr": -1e200}, {"lr": "x"}, {"lr": "0.1"}, {"lr": True}, {"lr": 2}, {"lr": 0}, {"betas": [5, -3]},
                        {"betas": [0.5]}, {"betas": "ab"}, {"betas": None})
        ),
        lambda s: s["groups"]["generator"][0].pop("lr"),
        lambda s: s["groups"]["generator"].append(s["groups"]["generator"][0]),
    ],
)  # fmt: skip
def test_a_state_that_training_cannot_go_on_from_is_refused(run, change):
    rewrite_state(run, change)
    with pytest.raises(
        ValueError, match=r"step-00000005/state\.json (must hold|holds no valid random state).*Use another"
    ):
        load(run)


def test_of_an_optimisers_settings_only_rate_and_betas_are_the_checkpoints(run):
    odd = {"maximize": True, "weight_decay": 9.0, "eps": 1e3, "fused": False, "lr": 0.25, "betas": [0.25, 0.75]}
    rewrite_state(run, lambda s: s["groups"]["generator"][0].update(odd | {"params": [3], "evil": 1}))
    model, _ = load(run)
    (group,) = model.optimizers["generator"].param_groups
    (fresh,) = build(run.config(), "cpu").optimizers["generator"].param_groups
    assert (group["lr"], group["betas"]) == (0.25, (0.25, 0.75))  # a rate that was changed live survives
    same = group.keys() - {"lr", "betas", "params"}
    assert group.keys() == fresh.keys() and {n: group[n] for n in same} == {n: fresh[n] for n in same}
    assert len(group["params"]) == len(fresh["params"])


def test_a_checkpoint_without_a_sound_state_gives_way_to_an_older_one(run):
    rewrite_state(run, lambda s: s.pop("groups"))
    assert loop.train(run).state == "finished"
    (refused,) = [event for event in run.events() if event["type"] == "checkpoint_refused"]
    assert refused["step"] == 5 and "must hold for 'generator' a learning rate" in refused["error"]


def test_a_checkpoint_file_that_is_no_safetensors_is_refused(run):
    file = run.checkpoint_dir(5) / "model.safetensors"
    file.write_bytes(b"\x80\x04pickle")
    manifest = json.loads(run.manifest_path.read_bytes())
    run.manifest_path.write_text(json.dumps(manifest | {"step-00000005/model.safetensors": sha256(file)}))
    with pytest.raises(ValueError, match=r"model.safetensors of '.*' is damaged"):
        load(run)


def test_a_folder_that_is_no_checkpoint_is_not_listed(run):
    for name in (".tmp-step-00000009", "step-x", "other"):
        (run.checkpoints_dir / name).mkdir()
    (run.checkpoints_dir / "step-00000007").touch()
    assert run.checkpoint_steps() == [0, 5]


@given(st.integers(2, 12), st.integers(1, 80), st.integers(1, 7))
def test_thinning_keeps_the_first_the_newest_and_never_too_many(keep, count, spacing):
    existing: list[int] = []
    for step in range(0, count * spacing, spacing):
        dropped = _thinned(existing, step, keep)
        existing = [s for s in [*existing, step] if s not in dropped]
        assert len(existing) <= keep
        assert existing[0] == 0 and existing[-1] == step
    if len(existing) > 2:
        gaps = [b - a for a, b in itertools.pairwise(existing)]
        assert max(gaps) <= 4 * count * spacing / keep


def test_a_run_keeps_only_as_many_checkpoints_as_it_was_told(runs_dir):
    run = tiny_run(runs_dir, recording__checkpoint_every_steps=1, recording__keep_checkpoints=4)
    loop.train(run)
    steps = run.checkpoint_steps()
    assert len(steps) == 4 and (steps[0], steps[-1]) == (0, 20)
    for step in steps:
        load(run, step)
    assert len(json.loads(run.manifest_path.read_bytes())) <= 5 * len(FILES)


def test_half_precision_weights_are_read_as_the_float32_they_came_from(run):
    file = run.checkpoint_dir(5) / "model.safetensors"
    halved = {k: v.half() if v.is_floating_point() else v for k, v in load_file(file).items()}
    save_file(halved, file)
    manifest = json.loads(run.manifest_path.read_bytes()) | {"step-00000005/model.safetensors": sha256(file)}
    run.manifest_path.write_text(json.dumps(manifest))
    model, _ = load(run)
    loaded = model.networks["generator"].state_dict()
    for key, tensor in loaded.items():
        assert torch.equal(tensor, halved[f"generator.{key}"].to(tensor.dtype)), key


@pytest.mark.parametrize("stored", [torch.bfloat16, torch.float64, torch.int32])
def test_no_other_type_fills_a_float32_weight(stored):
    assert not checkpoints.fits(stored, torch.float32) and not checkpoints.fits(torch.float16, torch.int64)

"""What a stranger's repository may not hold: each refusal with its reason, before a weight is allocated."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import tiny, tiny_run
from safetensors.torch import load_file, save_file

from gan_core.config import RunConfig, with_changes
from gan_core.hub import checks, listing
from gan_core.hub.listing import Listed
from gan_core.hub.orders import Pull
from gan_core.models.building import build_networks
from gan_core.runs import Run, adoption, portable
from gan_core.runs.sampler import open_sampler
from gan_core.training import loop

MODEL = "checkpoints/step-00000020/model.safetensors"
RUN = {"config.json": 900, "manifest.json": 400, MODEL: 1000}


def listed(**more: int) -> list[Listed]:
    return [Listed(name, size) for name, size in (RUN | more).items()]


@pytest.fixture
def arrived(trained: Run, tmp_path: Path) -> Path:
    """The files of a run as they would come from the Hub, with the optimisers' state."""
    place = tmp_path / "arrived"
    place.mkdir()
    portable.export(trained, place, optimizer=True)
    return place


def names(place: Path) -> list[str]:
    return [f.relative_to(place).as_posix() for f in place.rglob("*") if f.is_file()]


def check(place: Path) -> None:
    """All that `fetching.pull` asks of the files themselves, in its order."""
    config = checks.configuration((place / "config.json").read_bytes())
    shapes = checks.expected_tensors(config)
    found = {name: Listed(name, (place / name).stat().st_size) for name in names(place)}
    checks.sizes(listing.wanted(found.values(), "ada/x"), config, shapes)
    checks.manifest(place, found)
    checks.tensors(place, found, config, shapes)
    adoption.write_run(place, config, adoption.Origin("ada/x", "0" * 40, weights_only=False))


def rewrite(place: Path, name: str, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    """Changes the tensors of a file, and the manifest with it: an author may write what he likes."""
    tensors = load_file(place / name)
    changed = change(tensors)
    save_file(changed if isinstance(changed, dict) else tensors, place / name)
    vouch(place, name)


def vouch(place: Path, name: str) -> None:
    manifest = json.loads((place / "manifest.json").read_bytes())
    manifest[name.removeprefix("checkpoints/")] = portable.sha256(place / name)
    (place / "manifest.json").write_text(json.dumps(manifest))


def test_a_sound_run_passes(arrived: Path) -> None:
    check(arrived)
    assert Run(arrived).status().state == "finished"
    assert sorted(p.name for p in arrived.iterdir()) == sorted(
        {"about.json", "checkpoints", "config.json", "control.json", "events.jsonl", "manifest.json", "metrics.jsonl"}
        | {"samples", "status.json", "environment.json"}
    )


def test_a_sound_vae_passes_with_the_state_of_its_optimiser(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "runs", network__name="vae", training__ema_decay=0.0, training__max_steps=2)
    loop.train(run)
    place = tmp_path / "vae"
    place.mkdir()
    portable.export(run, place, optimizer=True)
    check(place)
    assert Run(place).trainable_steps() == [2]


def test_weights_in_half_precision_pass(arrived: Path) -> None:
    for name in (MODEL, MODEL.replace("model", "ema")):
        rewrite(arrived, name, lambda t: {k: v.half() if v.is_floating_point() else v for k, v in t.items()})
    check(arrived)
    assert open_sampler(Run(arrived)).draw(2, seed=0).shape[0] == 2


@pytest.mark.parametrize(
    "name",
    ["../evil.json", "/etc/passwd", "a\\..\\b", "C:evil", "samples/../../x.png", "nul\0byte"],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="whose name leads elsewhere"):
        listing.wanted(listed(**{name: 1}), "ada/x")


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "a/b.pt", "x.PKL", "last.ckpt", "w.pth", "x.npz", "m.h5", "x.joblib"]
)
def test_a_pickle_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(ValueError, match=r"a pickle or a format that may hold one.*can run any program"):
        listing.wanted(listed(**{name: 1}), "ada/x")


@pytest.mark.parametrize(
    "name",
    ["step-00000020/model.safetensors", "checkpoints/step-20/model.safetensors", "checkpoints/step-0000000020/model.safetensors",
     "control.json", ".lock", "log.txt", "samples/step-00000020.svg", "checkpoints/step-00000020/other.safetensors",
     "checkpoints/step-०००००००१/model.safetensors", "README.md"],
)  # fmt: skip
def test_files_that_are_no_part_of_a_run_are_not_fetched(name: str) -> None:
    assert listing.wanted(listed(**{name: 1}), "ada/x").keys() == RUN.keys()


def test_sizes_and_counts_are_limited() -> None:
    with pytest.raises(ValueError, match="1,000,001 bytes; at most 1,000,000"):
        listing.wanted(listed(**{"config.json": 1_000_001}), "ada/x")
    with pytest.raises(ValueError, match="has no size"):
        listing.wanted([*listed(), Listed("about.json", None)], "ada/x")
    grids = {f"samples/step-{step:08d}.png": 10 for step in range(500)}
    with pytest.raises(ValueError, match="503 files"):
        listing.wanted(listed(**grids), "ada/x")
    with pytest.raises(ValueError, match="more than 5,000 files"):
        listing.wanted([Listed(f"{i}.txt", 1) for i in range(5_001)], "ada/x")
    many = {f"checkpoints/step-{step:08d}/model.safetensors": 900_000_000 for step in range(5)}
    with pytest.raises(ValueError, match="at most 500 with 4,000,000,000"):
        listing.wanted(listed(**many), "ada/x")


@pytest.mark.parametrize("missing", ["config.json", "manifest.json", MODEL])
def test_something_without_the_files_of_a_run_is_none(missing: str) -> None:
    with pytest.raises(ValueError, match="is no run of Ganvas: it has no"):
        listing.wanted([file for file in listed() if file.name != missing], "ada/x")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"surprise": 1}, "Unknown setting 'surprise'"),
        ({"schema_version": 2}, "schema version 2"),
        ({"network": {"name": "resnet50"}}, "Unknown"),
        ({"network": {"width": 10**9}}, "'network.width'"),
        ({"dataset": {"image_size": 33}}, "33"),
        ({"dataset": {"name": "/etc/passwd"}}, "Unknown data set"),
        ({"preset": "evil"}, "Unknown preset"),
    ],
)
def test_a_configuration_of_something_else_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("'", ".")):
        checks.configuration(json.dumps(change).encode())


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"a": NaN}', b"\xff\xfe", b"not json", b"{}" + b" " * 1_000_001])
def test_what_is_no_strict_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        checks.configuration(text)


def test_an_enormous_model_is_refused_without_allocating_it() -> None:
    config = with_changes(RunConfig(), {"network.width": 1024, "network.latent_dim": 4096, "dataset.image_size": 1024})
    with pytest.raises(ValueError, match=r"has [\d,]{11,} weights; models of at most 200,000,000"):
        checks.expected_tensors(config)


def test_the_tensors_that_are_expected_are_those_of_the_architecture() -> None:
    config = tiny()
    state = {f"{n}.{k}": v for n, net in build_networks(config).items() for k, v in net.state_dict().items()}
    assert checks.expected_tensors(config) == {k: (tuple(v.shape), str(v.dtype)[6:]) for k, v in state.items()}


def test_sizes_that_the_architecture_does_not_need_are_refused_before_the_download() -> None:
    config = tiny()
    shapes = checks.expected_tensors(config)
    other = {name: MODEL.replace("model.safetensors", name) for name in ("state.json", "ema.safetensors")}
    right = sum(4 * torch.empty(shape, device="meta").numel() for shape, _kind in shapes.values())
    whole = {other["state.json"]: Listed("", 10), other["ema.safetensors"]: Listed("", right // 2)}
    checks.sizes({MODEL: Listed(MODEL, right + 5000)} | whole, config, shapes)
    for size in (10, 10 * right + 2_000_000):
        with pytest.raises(ValueError, match="the architecture of its configuration needs"):
            checks.sizes({MODEL: Listed(MODEL, size)} | whole, config, shapes)
    with pytest.raises(
        ValueError, match=r"not whole: checkpoints/step-00000020/state.json, .*ema.safetensors is missing"
    ):
        checks.sizes({MODEL: Listed(MODEL, right)}, config, shapes)


SICK = {
    "more than it has": (
        lambda t: t | {"generator.evil": torch.zeros(1)},
        "has a tensor that the architecture does not",
    ),
    "a script for a name": (lambda t: t | {"<script>": torch.zeros(1)}, "has a tensor that the architecture does not"),
    "less than it needs": (lambda t: {k: t[k] for k in sorted(t)[1:]}, "lacks a tensor"),
    "another shape": (lambda t: t | {min(t): torch.zeros(1, 2, 3)}, r"has shape \(1, 2, 3\)"),
    "another type": (lambda t: t | {min(t): t[min(t)].double()}, "type float64"),
    "nan": (lambda t: t | {"generator.layers.0.weight": t["generator.layers.0.weight"] * float("nan")}, "not finite"),
}


@pytest.mark.parametrize("kind", SICK)
def test_tensors_that_are_not_the_architectures_are_refused(arrived: Path, kind: str) -> None:
    change, words = SICK[kind]
    assert "generator.layers.0.weight" in load_file(arrived / MODEL)
    rewrite(arrived, MODEL, change)
    with pytest.raises(ValueError, match=words):
        check(arrived)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s["groups"]["generator"][0].update(lr=-1e200), "a learning rate above 0, at most 1"),
        (lambda s: s["groups"]["discriminator"][0].update(betas=[5, -3]), "betas from 0 to below 1"),
        (lambda s: s.pop("groups"), "must hold for 'generator'"),
        (lambda s: s.pop("rng"), "must hold rng"),
        (lambda s: s.update(scalars={"strength": "1"}), "must hold scalars by name, finite numbers"),
    ],
)
def test_a_state_that_sets_what_no_field_allows_is_refused(
    arrived: Path, change: Callable[[Any], Any], words: str
) -> None:
    file = arrived / MODEL.replace("model.safetensors", "state.json")
    state = json.loads(file.read_bytes())
    change(state)
    file.write_text(json.dumps(state))
    vouch(arrived, file.relative_to(arrived).as_posix())
    with pytest.raises(ValueError, match=words):
        check(arrived)


@pytest.mark.parametrize("rows", [0, 1, 3, 5])
def test_labels_of_another_number_of_samples_are_refused(rows: int) -> None:
    config = with_changes(
        tiny(), {"conditioning.name": "concat", "conditioning.labels": ("0", "1"), "recording.num_samples": 4}
    )
    with pytest.raises(ValueError, match=r"pinned\.json must hold 4 rows of 2 labels"):
        adoption._labels(rows * [[0, 1]], config)
    assert adoption._labels(4 * [[0, 1]], config) == 4 * [[0, 1]]


@pytest.mark.parametrize("name", ["evil.0.exp_avg", "generator.0.evil", "generator.99999.exp_avg", "generator.x.step"])
def test_states_of_an_optimiser_that_belong_to_no_weight_are_refused(arrived: Path, name: str) -> None:
    rewrite(arrived, MODEL.replace("model", "optimizer"), lambda t: t | {name: torch.zeros(())})
    with pytest.raises(ValueError, match="belongs to no weight"):
        check(arrived)


@pytest.mark.parametrize("kind", ["step", "exp_avg", "exp_avg_sq"])
def test_a_state_of_an_optimiser_that_lacks_a_name_is_refused(arrived: Path, kind: str) -> None:
    rewrite(arrived, MODEL.replace("model", "optimizer"), lambda t: t.pop(f"generator.0.{kind}"))
    with pytest.raises(
        ValueError, match=r"state of 'generator\.0' .* is not whole: it needs exp_avg, exp_avg_sq, step"
    ):
        check(arrived)


def test_a_flipped_bit_is_noticed_by_the_manifest(arrived: Path) -> None:
    content = bytearray((arrived / MODEL).read_bytes())
    content[-1] ^= 1
    (arrived / MODEL).write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged"):
        check(arrived)


def test_a_file_that_the_manifest_does_not_know_is_not_trusted(arrived: Path) -> None:
    (arrived / "manifest.json").write_text("{}")
    with pytest.raises(ValueError, match="is not in the run's manifest"):
        check(arrived)


def with_header(place: Path, text: bytes, length: int | None = None) -> Path:
    path = place / MODEL
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text)
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1]}}',
            "twice in one object",
        ),
        (b'{"a":{"dtype":"EVIL","shape":[1]}}', "without a shape or a known type"),
        (b'{"a":{"dtype":"F32","shape":[-1]}}', "without a shape or a known type"),
        (b'{"a":{"dtype":"F32","shape":[1099511627776]}}', "without a shape or a known type"),
        (b'{"a":7}', "without a shape or a known type"),
        (b"7", "does not hold an object"),
        (b"not json", "Expecting value"),
    ],
)
def test_hostile_headers_are_refused(arrived: Path, text: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        checks.header(with_header(arrived, text))


def test_a_header_that_claims_to_be_enormous_is_not_read(arrived: Path) -> None:
    with pytest.raises(ValueError, match="its header is too large"):
        checks.header(with_header(arrived, b"{}", length=2**62))


def test_content_is_held_against_the_hubs_own_hashes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"hello\n")
    checks.content(path, Listed("x", 6, git="ce013625030ba8dba906f756967f9e9ca394464a"))  # as `git hash-object` says
    checks.content(path, Listed("x", 6, sha256="5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"))
    for wrong in (Listed("x", 6, git="0" * 40), Listed("x", 6, sha256="0" * 64)):
        with pytest.raises(ValueError, match="its hash differs"):
            checks.content(path, wrong)


HOSTILE = {
    "metrics.jsonl": [b'{"loss/d": 1}\n', b'{"step": 2}\n{"step": 1}\n', b"[]\n", b'{"step": NaN}\n'],
    "status.json": [b"[]", b'{"seconds": 1e999}', b'{"step": 1e999}'],
    "pinned.json": [b'{"labels": [[1, 0]]}', b'{"labels": "x"}'],
    "about.json": [b"7"],
    "samples/step-00000020.png": [b"<svg onload=alert(1)>", b""],
}


@pytest.mark.parametrize(("name", "content"), [(name, content) for name, all_ in HOSTILE.items() for content in all_])
def test_other_files_that_are_not_a_runs_are_refused(arrived: Path, name: str, content: bytes) -> None:
    (arrived / name).write_bytes(content)
    with pytest.raises(ValueError):
        check(arrived)


def test_only_what_is_understood_is_kept_of_the_texts(arrived: Path) -> None:
    about = {"name": "a\x00b\n  c" + "d" * 200, "note": "ok", "evil": "x", "origin": {"repo": "lie"}}
    (arrived / "about.json").write_text(json.dumps(about))
    (arrived / "metrics.jsonl").write_text('{"step": 1, "loss/d": 0.5, "<b>": 1, "text": "x", "time": 3}\n')
    events = [
        {
            "type": "override",
            "step": 3,
            "time": 1,
            "sequence": 4,
            "changes": {"generator_optimizer.learning_rate": 1e-3, "x": 1},
        },
        {"type": "override", "step": 4, "time": 1},
        {"type": "failed", "step": 5, "time": 1, "error": "/home/somebody"},
    ]
    (arrived / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
    (arrived / "status.json").write_text(
        json.dumps({"state": "running", "owner": "x:1", "total_steps": 40, "epoch": -3})
    )
    measured = {
        "metric": "fid",
        "value": 3,
        "step": 20,
        "num_samples": 100,
        "interval": [2, 4],
        "extractor": "<b>",
        "x": "y",
    }
    (arrived / "evaluations.jsonl").write_text(json.dumps(measured) + '\n{"metric": "fid"}\n')
    (arrived / "samples" / "evil.html").write_text("x")
    (arrived / "link").symlink_to("/etc/passwd")
    check(arrived)
    run = Run(arrived)
    assert run.name == "a b c" + "d" * 75 and run.note == "ok"
    assert adoption.origin(run) == adoption.Origin("ada/x", "0" * 40, weights_only=False)
    assert run.metrics_path.read_text() == '{"step":1,"loss/d":0.5,"time":3}\n'
    assert [e["type"] for e in run.events()] == ["override"]
    assert run.events()[0]["changes"] == {"generator_optimizer.learning_rate": 1e-3}
    assert (run.control().sequence, run.control().overrides) == (4, {"generator_optimizer.learning_rate": 1e-3})
    kept = {"metric": "fid", "value": 3, "step": 20, "num_samples": 100, "interval": [2, 4]}
    assert json.loads(run.evaluations_path.read_text()) == kept
    status = run.status()
    assert (status.state, status.owner, status.step, status.total_steps, status.epoch) == ("stopped", "", 20, 40, 0)
    assert not (arrived / "samples" / "evil.html").exists() and not (arrived / "link").is_symlink()


def test_a_run_is_made_fit_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    config = with_changes(
        tiny(), {"training.device": "cuda:7", "training.precision": "bf16", "dataset.root": "/home/x"}
    )
    made = adoption.for_this_machine(config)
    assert made.training.device != "cuda:7" and made.dataset.root == ""
    assert adoption.for_this_machine(tiny()) == tiny()


@pytest.mark.parametrize(
    "repo",
    ["digits", "a/b/c", "/x", "x/", "../x", "a b/c", "a/b.git", "a--b/c", "a/" + "b" * 96, "ä/b", "https://x/y", ""],
)
def test_what_is_no_name_of_a_repository_is_refused(repo: str) -> None:
    with pytest.raises(ValueError, match="is no name of a repository: it must be user/name"):
        Pull(repo)


@pytest.mark.parametrize("revision", ["../x", "a b", "-x", "a" * 201, "x\n"])
def test_what_is_no_revision_is_refused(revision: str) -> None:
    with pytest.raises(ValueError, match="is no revision"):
        Pull("ada/x", revision)


def test_a_damaged_checkpoint_is_not_sent(trained: Run, tmp_path: Path) -> None:
    content = bytearray((trained.path / MODEL).read_bytes())
    content[-1] ^= 1
    (trained.path / MODEL).write_bytes(content)
    shutil.rmtree(tmp_path / "copy", ignore_errors=True)
    (tmp_path / "copy").mkdir()
    with pytest.raises(ValueError, match="is damaged or was just replaced"):
        portable.export(trained, tmp_path / "copy")
    with pytest.raises(ValueError, match=r"no checkpoint of step 7\. It has: 0, 5, 10"):
        portable.export(trained, tmp_path / "copy", step=7)

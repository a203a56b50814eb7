"""Several processes make the steps that one would; they pause, resume and fail as one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_core.config import RunConfig, with_changes
from gan_core.config.settings import PROJECT_DIR
from gan_core.datasets.base import Dataset
from gan_core.processes import shards
from gan_core.training import together
from tests.training import shared_steps


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.slow
def test_three_processes_make_the_steps_of_one_for_every_kind_of_model(tmp_path: Path):
    out, port = tmp_path / "states.pt", str(free_port())
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.training.shared_steps", str(out)], cwd=PROJECT_DIR, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "3", "MASTER_ADDR": "127.0.0.1",
                 "MASTER_PORT": port, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{PROJECT_DIR}:{PROJECT_DIR / 'tests'}"},
        )
        for rank in range(3)
    ]  # fmt: skip
    errors = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], errors[0][-2000:]
    torch.set_num_threads(1)
    found = torch.load(out)
    assert found["said"] == "Process 1 of 3: It has other training data."
    there = found["states"]
    apart = {}
    for name, config in shared_steps.configurations():
        here = shared_steps.trained(config)
        assert there[name].keys() == here.keys()
        # The bias of a layer before batch norm has the gradient 0, and Adam divides what rounding leaves of it by itself.
        rounding = "name=mlp" in name and "name=r1_r2" in name
        for key, value in here.items():
            exact = value.dtype == torch.float64 and "metric" not in key and not rounding
            if not torch.allclose(value, there[name][key], rtol=0 if exact else 1e-5, atol=1e-8 if exact else 1e-4):
                apart[f"{name}: {key}"] = float((value - there[name][key]).abs().max())
    assert apart == {}


@pytest.mark.parametrize(
    ("size", "packing", "words"),
    [(2, 1, "has 2 packs of 1 images, too few"), (8, 4, "has 2 packs of 4 images, too few")],
)
def test_a_batch_without_a_pack_for_every_process_is_refused(
    size: int, packing: int, words: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shards, "count", lambda: 3)
    data = Dataset("digits", np.zeros((size, 1, 8, 8), np.uint8), np.zeros((size, 0), np.float32), ())
    config = with_changes(RunConfig(), {"training.batch_size": size, "remedies.packing": packing})
    with pytest.raises(ValueError, match=words + " for 3 processes. Choose another batch size, or fewer processes"):
        together.own_batches(config, data, torch.device("cpu"))


@pytest.mark.parametrize("rank", range(3))
def test_shares_are_whole_packs_and_make_the_batch(rank: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shards, "count", lambda: 3)
    monkeypatch.setattr(shards, "rank", lambda: rank)
    with shards.alone():  # leaves no share behind
        assert shards.take(22, 2) == ((0, 6), (6, 14), (14, 22))[rank]
        whole = torch.randn(22, 5, generator=torch.Generator().manual_seed(1))
        start, stop = shards.take(22, 2)
        rng = torch.Generator().manual_seed(1)
        own = shards.drawn(lambda shape: torch.randn(shape, generator=rng), stop - start, 5)
        assert torch.equal(own, whole[start:stop])

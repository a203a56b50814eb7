"""A step of an optimiser does not open the driver's library to count GPUs: Fabric's import has torch do so each time."""

from __future__ import annotations

import pytest
import torch

import gan_core.training.loop  # noqa: F401  brings Fabric


def test_a_step_on_the_cpu_does_not_ask_the_driver_for_gpus(monkeypatch: pytest.MonkeyPatch):
    def asked() -> int:
        raise AssertionError("NVML was asked")

    monkeypatch.setattr(torch.cuda, "_raw_device_count_nvml", asked)
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.Adam([weight], fused=True)
    weight.sum().backward()
    optimizer.step()
    assert weight.item() < 1

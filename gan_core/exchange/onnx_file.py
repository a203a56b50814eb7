"""A generator or a decoder as an ONNX file, for any of its runtimes, a browser's among them."""

from __future__ import annotations

import json
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_core.datasets import DATASETS, image_shape
from gan_core.exchange import output
from gan_core.models.building import decode
from gan_core.models.kinds import kind_of
from gan_core.runs import Run
from gan_core.runs.sampler import Sampler, open_sampler

NEEDS = ("onnx", "onnxscript")
OPSET = 18


class _Drawing(nn.Module):
    """Latents (N, latent_dim), and labels (N, L) of a conditional model, to samples (N, ...)."""

    def __init__(self, sampler: Sampler) -> None:
        super().__init__()
        self.config, self.network = sampler.config, sampler.network

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return decode(self.config, self.network, z, z[:, :0] if labels is None else labels)


def write(run: Run, path: Path, *, step: int | None = None) -> str:
    """Writes the network that draws (its running average where the run keeps one) as an ONNX file.

    Inputs: `z` float32 (N, latent_dim), standard normal; of a conditional model also `labels` float32 (N, L), 0 or 1.
    Output: `samples` float32 (N, C, H, W) in [-1, 1], or points (N, 2). N is free. The metadata say what else is to be known.

    Returns:
        What it holds, in words.

    Raises:
        ValueError: a package is missing, no checkpoint (of that step), or a damaged one; `output.new`.
    """
    if missing := [name for name in NEEDS if find_spec(name) is None]:
        raise ValueError(
            f"Writing ONNX needs {' and '.join(missing)}. Install what is missing with: pip install {' '.join(NEEDS)}"
        )
    sampler = open_sampler(run, step)
    num_labels = len(sampler.config.conditioning.labels)
    widths = {"z": sampler.latent_dim} | ({"labels": num_labels} if num_labels else {})
    batch = torch.export.Dim("batch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own parts
        program: Any = torch.onnx.export(
            _Drawing(sampler).eval(),
            tuple(torch.zeros(2, width) for width in widths.values()),
            input_names=list(widths),
            output_names=["samples"],
            dynamic_shapes=tuple({0: batch} for _width in widths),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    _forget_origin(program.model)
    program.model.metadata_props.update(metadata(run, sampler))
    with output.new(path) as place:
        program.save(place, external_data=False)
        size = place.stat().st_size
    inputs = " and ".join(f"{name} (N, {width})" for name, width in widths.items())
    return (
        f"{kind_of(sampler.config).drawn_by} of '{run.name}' at step {sampler.step:,}, input {inputs}, {size:,} bytes"
    )


def metadata(run: Run, sampler: Sampler) -> dict[str, str]:
    """What a reader of the file must know: where it comes from, what goes in, what comes out, whose the data are."""
    config, data = sampler.config, DATASETS[sampler.config.dataset.name]
    points = data.domain == "points"
    terms = "The data are not part of this file; their own licence and terms hold." if data.needs_root else ""
    return {
        "ganvas.run": run.id,
        "ganvas.step": str(sampler.step),
        "ganvas.preset": config.preset,
        "ganvas.network": config.network.name,
        "latent_dim": str(sampler.latent_dim),
        "labels": json.dumps(config.conditioning.labels),
        "labels.rule": ("exactly one is 1" if config.conditioning.exclusive else "any number of them is 1")
        if config.conditioning.labels
        else "",
        "sample_shape": json.dumps(image_shape(config.dataset)),
        "value_range": "unbounded" if points else "[-1, 1]; pixel = round((value + 1) * 127.5)",
        "dataset": f"{data.title}. {data.description} {terms}".strip(),
    }


def _forget_origin(model: Any) -> None:
    """Drops the exporter's notes: they hold the paths of source files on this machine."""
    for graph in model.graphs():
        graph.metadata_props.clear()
        values = [*graph.inputs, *graph.initializers.values()]
        for node in graph:
            node.metadata_props.clear()
            node.doc_string = None
            values += node.outputs
        for value in values:
            value.metadata_props.clear()

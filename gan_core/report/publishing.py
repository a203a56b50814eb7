"""A run as one static page: its recording, its curves and figures, and its generator, which runs in the reader's browser.

The page opens from a file and needs no server and no network: onnxruntime-web (MIT, in `onnxruntime_web`) and the generator stand
in it, packed. The folder is what a static Space of the Hugging Face Hub wants.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan_core.config import read_bounded
from gan_core.datasets import image_shape
from gan_core.exchange import output
from gan_core.hub.orders import check_licence
from gan_core.jobs.task import Report
from gan_core.latents.sefa import closed_form_directions
from gan_core.report import building, html
from gan_core.report.document import NOBODY, Paragraph, ReportDocument, Translate, translator
from gan_core.report.templates import ReportTemplate, TemplateSection
from gan_core.report.web_page import MAX_BYTES, README, readme
from gan_core.runs import Run

MAX_RUNTIME = 8_000_000
RUNTIME = Path(__file__).parent / "onnxruntime_web"
SCRIPT = Path(__file__).parent / "page.js"
MAX_FRAMES, FRAME_PX, QUALITY = 40, 420, 80
DIRECTIONS = 6
LARGE = 256  # numbers of a tensor from which on it is stored in half precision
CONTENT = ReportTemplate(
    "published",
    "Ganvas",
    (
        TemplateSection("The run", (), ("about", "own_words")),
        TemplateSection(
            "Pictures",
            (),
            (
                *("samples", "real_beside_generated", "training_strip", "condition_grids", "class_grid"),
                *("attribute_pairs", "reconstructions", "process_strip", "best_and_worst"),
            ),
        ),
        TemplateSection("Training", (), ("losses", "gradients", "other_curves", "findings", "measured")),
        TemplateSection("Networks", (), ("networks",)),
        TemplateSection("How to repeat it", (), ("command", "hardware")),
    ),
)
_STYLE = """
.row { display: flex; gap: 12px; align-items: center; flex-wrap: wrap; margin: .5em 0; }
.live { display: flex; gap: 20px; flex-wrap: wrap; } .controls { flex: 1 1 260px; } canvas { max-width: 100%; }
canvas.one { width: 320px; height: 320px; } canvas.many { width: 100%; margin-top: 12px; }
label { display: flex; gap: 8px; align-items: center; margin: .3em 0; } input[type=range] { flex: 1; min-width: 120px; }
fieldset { max-height: 180px; overflow: auto; columns: 2; } .pixels { image-rendering: pixelated; }
#ganvas-replay img { width: 100%; } @media print { .controls, #ganvas-replay .row { display: none; } }
"""


def publish(run: Run, path: Path, language: str = "en", report: Report = building.silent, licence: str = "") -> str:
    """Writes a folder with index.html, a README.md for a static Space, and the licence of the runtime.

    A model that draws in many steps, or whose page would have more than MAX_BYTES, is published without its generator: the page
    says so, and shows its samples.

    Args:
        run: which.
        path: the new folder.
        language: of the page's own words, one of `document.LANGUAGES`.
        report: as `building.build` takes it.
        licence: what others may do with it, one of `hub.LICENCES`.

    Returns:
        What it holds, in words.

    Raises:
        ValueError: an unknown licence, `building.build`, `output.new`, or a page that is too large in any case.
    """
    _ = translator(language)
    check_licence(licence)
    with output.new(path) as place:
        document = building.build([run], CONTENT, NOBODY, language, report)
        frames = _frames(run)
        live, why = _live(run, _)
        page = _page(document, frames, live, why, _)
        if live is not None and len(page) > MAX_BYTES:
            why = _("The generator would make this page larger than {mb:.1f} MB, so its samples are shown instead.")
            live, page = None, _page(document, frames, None, why.format(mb=MAX_BYTES / 1e6), _)
        if len(page) > MAX_BYTES:
            raise ValueError(
                f"The page of '{run.name}' has {len(page):,} bytes; at most {MAX_BYTES:,} are published. Write a report instead."
            )
        place.mkdir()
        (place / "index.html").write_bytes(page)
        (place / README).write_text(readme(run.name, licence), encoding="utf-8")
        if live is not None:
            (place / "onnxruntime-LICENSE.txt").write_bytes(read_bounded(RUNTIME / "LICENSE"))
    generator = "its generator" if live is not None else "no generator"
    return f"page of '{run.name}' with {len(frames)} moments and {generator}, {len(page):,} bytes; open index.html"


def _page(
    document: ReportDocument, frames: list[dict[str, Any]], live: dict[str, Any] | None, why: str, _: Translate
) -> bytes:
    """The file; `live` is what the generator needs, `why` the sentence in its place."""
    top = [f"<style>{_STYLE}</style>", f"<h2>{_('Try it')}</h2>"]
    if live is None:
        top.append(html.fragment([Paragraph(why)]))
    top += ['<div id="ganvas-live"></div>', f"<h2>{_('The recording')}</h2>", '<div id="ganvas-replay"></div>']
    packed = {} if live is None else live["packed"]
    data = {"frames": frames, "live": live is not None, "words": _words(_)} | (
        {} if live is None else {name: value for name, value in live.items() if name != "packed"}
    )
    end = [
        f'<script type="text/plain" id="ganvas-{name}">{base64.b64encode(content).decode("ascii")}</script>'
        for name, content in packed.items()
    ]
    text = json.dumps(data, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")  # no tag can end the script
    end.append(f'<script type="application/json" id="ganvas-data">{text}</script>')
    end.append(f'<script type="module">\n{read_bounded(SCRIPT).decode()}</script>')
    return html.page(document, top="\n".join(top), end="\n".join(end)).encode()


def _words(_: Translate) -> dict[str, str]:
    return {
        "recording": _("The same latents while it trained"), "step": _("step {n}"), "moment": _("Moment"),
        "play": _("Play"), "pause": _("Pause"), "loading": _("The generator is being opened …"),
        "live": _("The generator runs in your browser. Change the seed, the labels or a direction."),
        "sample": _("One sample"), "others": _("Samples of the next seeds"), "seed": _("Seed"),
        "another": _("Others"), "label": _("Label"), "direction": _("Direction {n}"),
        "failed": _("The generator cannot run in this browser; a newer one can run it."),
    }  # fmt: skip


def _frames(run: Run) -> list[dict[str, Any]]:
    """Sample grids evenly spread, the first and the last among them, as JPEG data URLs; those that cannot be read are left out."""
    steps, found = run.sample_steps(), []
    count = min(MAX_FRAMES, len(steps))
    for step in [steps[round(i)] for i in np.linspace(0, len(steps) - 1, count)] if steps else []:
        try:
            with Image.open(run.sample_path(step), formats=("PNG",)) as stored:
                picture = stored.convert("RGB")
        except (OSError, SyntaxError, ValueError):
            continue
        picture.thumbnail((FRAME_PX, 4 * FRAME_PX))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=QUALITY)
        url = f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
        found.append({"step": step, "url": url})
    return found


def _live(run: Run, _: Translate) -> tuple[dict[str, Any] | None, str]:
    """What the page needs to draw: sizes, labels, directions, and the packed files; None, and why, where it cannot."""
    from gan_core.exchange import onnx_file
    from gan_core.runs.sampler import open_sampler

    try:
        with tempfile.TemporaryDirectory() as folder:
            onnx_file.write(run, Path(folder, "generator.onnx"))
            model = halved(Path(folder, "generator.onnx"))
    except ValueError as refusal:
        return None, _("The generator cannot run in a browser, so its samples are shown instead. {why}").format(
            why=refusal
        )
    sampler = open_sampler(run)
    conditioning, latent_dim = sampler.config.conditioning, sampler.latent_dim
    directions, _sizes = closed_form_directions(sampler.first_weight(), min(DIRECTIONS, latent_dim))
    packed = {
        "runtime": gzip.compress(read_bounded(RUNTIME / "ort.wasm.bundle.min.mjs"), 9, mtime=0),
        "wasm": read_bounded(RUNTIME / "ort-wasm-simd-threaded.wasm.gz", MAX_RUNTIME),
        "model": gzip.compress(model, 9, mtime=0),
    }
    return {
        "packed": packed,
        "latentDim": latent_dim,
        "sampleShape": list(image_shape(sampler.config.dataset)),
        "labels": list(conditioning.labels),
        "exclusive": conditioning.exclusive,
        "firstLabels": sampler.some_labels(1)[0].tolist(),
        "directions": _rounded(directions),
    }, ""


def _rounded(rows: np.ndarray[Any, np.dtype[np.float32]]) -> list[Sequence[float]]:
    return [[float(f"{x:.5g}") for x in row] for row in rows]


def halved(path: Path) -> bytes:
    """An ONNX file whose large tensors are stored in half precision and widened when it is opened: half the bytes.

    The samples differ from the file's own by the rounding of the weights, some 5e-4 of each.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(path)
    widened = []
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) >= LARGE:
            name, values = tensor.name, numpy_helper.to_array(tensor)
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            widened.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*widened, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    content: bytes = model.SerializeToString()
    return content

"""Pictures that a conditional generator makes on demand, and their place in cards and sheets. Importing this loads torch."""

from collections.abc import Sequence

from gan_core.datasets.conditions import Kind, kind_of
from gan_core.figures import imaging
from gan_core.figures.imaging import Uint8Array
from gan_core.figures.sheets import contact_sheet
from gan_core.runs.sampler import Sampler
from pages.components.conditions.evaluated import Evaluated
from pages.components.text import _, listed
from pages.components.widgets.condition_cards import Part
from pages.components.widgets.picture import download_png

ROW = 8  # pictures of one condition


def kind(model: Sampler) -> Kind:
    """What the model's labels are.

    Raises:
        ValueError: it has none.
    """
    found = kind_of(model.config.conditioning)
    if found is None:
        raise ValueError(f"The run '{model.run_id}' takes no labels, so there is nothing to ask it for.")
    return found


def parts(images: Uint8Array, found: Evaluated) -> list[Part]:
    """The pictures with their lines, for cards."""
    alts = [listed(line.text for line in lines) or _("none of the labels") for lines in found.lines]
    urls = [imaging.array_url(image) for image in images]
    return [Part(url, alt, lines) for url, alt, lines in zip(urls, alts, found.lines, strict=True)]


def sheet_button(images: Uint8Array, found: Evaluated, heading: Sequence[str], name: str, columns: int) -> None:
    """The pictures with their lines as one PNG."""
    download_png(
        _("Download the grid (PNG)"),
        lambda: imaging.png_bytes(contact_sheet(images, found.lines, heading, columns)),
        name,
        "conditions_download",
    )


def place_of(model: Sampler, seed: int) -> str:
    """Which model and which z, for a heading."""
    return _("{run}, step {step:,}, seed {seed}").format(run=model.run_id, step=model.step, seed=seed)

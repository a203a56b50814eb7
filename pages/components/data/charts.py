"""Charts of labels: shares as bars, correlations as a table of colours."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from gan_core.datasets.statistics import Share
from gan_core.figures.style import label
from pages.components.text import _

ROW_PX = 22
BAR = "#13837a"  # teal, 3:1 and more on the light and the dark page
DIVERGING = [[0.0, "#c2410c"], [0.5, "#e5e7eb"], [1.0, "#0f766e"]]


def share_figure(shares: list[Share]) -> go.Figure:
    """One bar a label: the share of all images that have it, its count written beside."""
    figure = go.Figure(
        go.Bar(
            x=[share.share for share in shares],
            y=[label(share.name) for share in shares],
            orientation="h",
            text=[f"{share.count:,} ({share.share:.1%})" for share in shares],
            textposition="outside",
            cliponaxis=False,
            marker={"color": BAR},
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    longest = max((share.share for share in shares), default=1.0) or 1.0
    between = next(width for width in (0.25, 0.1, 0.05, 0.01, 0.002) if 2 * width <= longest or width == 0.002)
    figure.update_layout(
        height=ROW_PX * len(shares) + 70,
        margin={"l": 8, "r": 8, "t": 8, "b": 40},
        xaxis={
            "tickformat": ".0%",
            "range": [0, 1.6 * longest],  # room for the counts
            "tickvals": [number * between for number in range(int(longest / between + 1e-6) + 1)],
            "title": _("share of all images"),
        },
        yaxis={"autorange": "reversed", "type": "category", "dtick": 1, "automargin": True},
        bargap=0.25,
    )
    return figure


def correlation_figure(table: npt.NDArray[np.float64], names: tuple[str, ...]) -> go.Figure:
    """A square of colours: each pair's correlation, -1 to 1; a label with itself is left out."""
    shown = table.copy()
    np.fill_diagonal(shown, np.nan)
    figure = go.Figure(
        go.Heatmap(
            z=shown,
            x=list(map(label, names)),
            y=list(map(label, names)),
            zmin=-1,
            zmax=1,
            colorscale=DIVERGING,
            hovertemplate="%{y} / %{x}: %{z:.2f}<extra></extra>",
        )
    )
    figure.update_layout(
        height=ROW_PX * len(names) + 160,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={"type": "category", "dtick": 1, "automargin": True, "tickangle": -60},
        yaxis={"type": "category", "dtick": 1, "automargin": True, "autorange": "reversed"},
    )
    return figure

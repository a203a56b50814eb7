"""A small app that uses every component, for test_components.py; run it to look at them.

    ln -s ../../static tests/e2e/static; streamlit run tests/e2e/demo_components.py

DEMO_TICK_S is the refresh of the live part in seconds, DEMO_SLOW_S makes each refresh take longer.
"""

import base64
import io
import json
import os
import time

import numpy as np
import plotly.graph_objects as go
import plotly.io
import streamlit as st
from PIL import Image

from pages.components.widgets.latent_explorer import Slider, latent_explorer, latent_state
from pages.components.widgets.live_plot import live_plot
from pages.components.widgets.morph import frames_player
from pages.components.widgets.picture import picture

TICK_S = float(os.environ.get("DEMO_TICK_S", "1"))
SLOW_S = float(os.environ.get("DEMO_SLOW_S", "0"))
KEY = "demo_latent"


def data_url(pixels: np.ndarray) -> str:
    out = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def blob(x: float, y: float, radius: float, size: int = 32) -> np.ndarray:
    """A soft spot in warm and cold colours, (size, size, 3)."""
    rows, columns = np.mgrid[0:size, 0:size] / (size - 1) * 6 - 3
    light = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * radius**2))
    return np.stack([40 + 210 * light, 60 + 130 * light, 120 + 40 * (1 - light)], axis=-1)


def curves(step: int) -> str:
    steps = np.arange(20 + step)
    generator, discriminator = np.exp(-steps / 30) + 0.1 * np.sin(steps), 0.7 - 0.3 * np.exp(-steps / 20)
    figure = go.Figure(
        [
            go.Scatter(x=steps, y=generator, name="loss/g"),
            go.Scatter(x=steps, y=discriminator, name="loss/d"),
        ]
    )
    figure.update_layout(title="Losses of both players", xaxis_title="step", legend={"orientation": "h", "y": 1.1})
    return str(plotly.io.to_json(figure))


def live_part() -> None:
    time.sleep(SLOW_S)
    step = st.session_state["demo_step"] = st.session_state.get("demo_step", 0) + 1
    live_plot(curves(step), key="demo_curves")
    picture(
        data_url(blob(3 * np.sin(step), 3 * np.cos(step), 1)), key="demo_picture", alt="A spot going round",
        caption=f"Sample at step {step} <b>not bold</b>", max_width_px=256,
    )  # fmt: skip


@st.fragment
def explorer() -> None:
    names = ["x", "y", "radius"] if not st.toggle("Fewer sliders", key="demo_fewer") else ["x", "radius"]
    meanings = {
        "x": "Moves the spot to the right.",
        "y": "Moves the spot down.",
        "radius": "Makes the spot larger.",
    }
    sliders = [
        Slider(name, name.capitalize(), meanings[name], -3 if name != "radius" else 0.2, 3, 0.01, 0.0)
        if name != "radius"
        else Slider(name, "Radius", meanings[name], 0.2, 3, 0.01, 1.0)
        for name in names
    ]
    values, sequence = latent_state(sliders, key=KEY)
    x, y, radius = values["x"], values.get("y", 0.0), values["radius"]
    grid = [np.hstack([blob(x + dx, y + dy, radius, 16) for dx in (-1, 0, 1)]) for dy in (-1, 0, 1)]
    latent_explorer(
        sliders, image=data_url(blob(x, y, radius)), neighbours=data_url(np.vstack(grid)), sequence=sequence,
        texts={"reset": "Reset", "image": "The picture at this place", "neighbours": "Its neighbours"}, key=KEY,
    )  # fmt: skip
    st.code(json.dumps({"values": values, "sequence": sequence}), language=None)


def train() -> None:
    st.title("Components")
    st.fragment(live_part, run_every=TICK_S)()
    explorer()
    frames = [data_url(blob(3 * np.sin(t), 0, 1)) for t in np.linspace(0, 2 * np.pi, 12, endpoint=False)]
    texts = {"play": "Play", "pause": "Pause", "frame": "Frame", "alt": "A spot swinging"}
    frames_player(frames, key="demo_frames", texts=texts, max_width_px=256)


def home() -> None:
    st.title("Home")
    st.button("Primary", type="primary", key="demo_primary")
    st.button("Secondary", key="demo_secondary")
    st.text_input("Name", key="demo_name", placeholder="A name")
    st.slider("Amount", key="demo_amount")
    st.markdown("Some text with a [link](https://example.org), `code`, and a caption below.")
    st.caption("A caption.")
    st.info("For your information.")


def main() -> None:
    st.set_page_config(layout="wide")
    pages = [st.Page(home, title="Home", default=True), st.Page(train, title="Train", url_path="train")]
    st.navigation(pages).run()


if __name__ == "__main__":
    main()

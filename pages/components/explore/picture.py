"""Find a picture: the latent that draws an uploaded picture, to begin the sliders with. Importing this loads torch."""

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan_core.config import DatasetConfig
from gan_core.datasets import held_out
from gan_core.figures import imaging
from gan_core.jobs.task import Arrays, Progress, Task
from gan_core.latents import picture_search
from gan_core.latents.inversion import Search
from gan_core.latents.picture_search import read_upload
from gan_core.models.kinds import kind_of
from gan_core.runs import Run
from gan_core.runs.sampler import Sampler
from pages.components.explore.out_of_distribution import out_of_distribution
from pages.components.explore.samples import FOUND, choose_labels
from pages.components.shared import lab
from pages.components.shared.task_view import outcome, stage_words
from pages.components.shared.uploads import uploader
from pages.components.text import _, as_text
from pages.components.widgets.picture import picture

TYPES = ["png", "jpg", "jpeg", "bmp", "gif", "webp"]
LEVELS = {"quick": Search(steps=100, starts=4), "usual": Search(), "thorough": Search(steps=500, starts=8)}

Uint8Array = npt.NDArray[np.uint8]


def find_picture(model: Sampler, run: Run) -> None:
    """Upload a picture, look for its latent, and go on with the sliders."""
    words = _(
        "Which latent draws this picture? A generator has no way back from a picture to its z, so z is "
        "searched: random latents are tried, and the best ones are improved by gradient descent. Then the "
        "sliders can change **your** picture."
    )
    st.markdown(words)
    image = choose_image("explore", run)
    if image is None:
        return
    labels = choose_labels(model)
    tasks: dict[str, Task] = st.session_state.setdefault("explore_find_tasks", {})  # the newest of each run
    with st.container(horizontal=True, vertical_alignment="bottom"):
        level = st.segmented_control(
            _("Search"), list(LEVELS), default="usual", required=True, key="explore_level",
            format_func={"quick": _("Quick"), "usual": _("Usual"), "thorough": _("Thorough")}.__getitem__,
            help=_("Steps and starts: 100 and 4, 200 and 6, 500 and 8. The same picture and the same search always give the same z."),
            persist_state="session",
        ) or "usual"  # fmt: skip
        task = picture_search.task(run, model.step, image, labels[0].tolist(), LEVELS[level])
        if st.button(_("Find its latent"), type="primary", key="explore_find", icon=":material/search:"):
            tasks[run.id] = task
    if tasks.get(run.id) != task:
        picture(imaging.array_url(image), key="explore_wanted", alt=_("The picture to find"), max_width_px=256,
                caption=_("Your picture as the model sees pictures"))  # fmt: skip
        return
    found = outcome(task, "explore_inversion", _search_words)
    if found is not None:
        _show(model, run, image, found)


def choose_image(page: str, run: Run) -> Uint8Array | None:
    """A picture as the run's model sees pictures: uploaded, or one of the images that it did not learn from."""
    config = run.config().dataset
    source = st.segmented_control(
        _("Picture"), ["upload", "unseen"], default="upload", required=True, key=f"{page}_source",
        format_func={"upload": _("Upload one"), "unseen": _("An unseen image of its data")}.__getitem__,
        persist_state="session",
    )  # fmt: skip
    if source == "unseen":
        return _unseen(page, run)
    content = _uploaded(page)
    if content is None:
        st.caption(_("The middle is cut out as a square. The picture stays on the computer that Ganvas runs on."))
        return None
    return lab.attempt(lambda: _as_seen(content, config.model_dump_json()))


@st.cache_data(max_entries=32, ttl=300, show_spinner=False)
def _as_seen(content: bytes, config_json: str) -> Uint8Array:
    """As `read_upload`, whose process is not started at every rerun."""
    return read_upload(content, DatasetConfig.model_validate_json(config_json))


def _uploaded(page: str) -> bytes | None:
    """The newest picture that this visitor brought to the page; other views and pages in between do not lose it."""
    key, kept = f"{page}_upload", f"{page}_kept_upload"
    file = uploader(
        _("Picture"), type=TYPES, key=key, max_upload_size=10, label_visibility="collapsed", on_change=_forget_removed,
        args=(key, kept),
    )  # fmt: skip
    if file is not None:
        st.session_state[kept] = (file.name, file.getvalue())
    last: tuple[str, bytes] | None = st.session_state.get(kept)
    if last is None:
        return None
    name, content = last
    if file is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_("Your last picture is still here: {name}.").format(name=as_text(name)))
            st.button(
                _("Forget it"), key=f"{page}_forget", type="tertiary", on_click=st.session_state.pop, args=(kept,)
            )
    return content


def _forget_removed(key: str, kept: str) -> None:
    """Forgets a picture that was taken out of its uploader."""
    if st.session_state.get(key) is None:
        st.session_state.pop(kept, None)


def _unseen(page: str, run: Run) -> Uint8Array | None:
    there = lab.attempt(lambda: held_out.held_out(run.config().dataset))
    if there is None:
        return None
    number = int(st.number_input(
        _("Image"), 0, min(there.count, 1000) - 1, 0, key=f"{page}_unseen_{run.id}", width=200, persist_state="session"
    ))  # fmt: skip
    with st.spinner(_("Preparing the images…")):
        data = lab.attempt(lambda: there.images(min(there.count, 1 + number // 100 * 100 + 99)))
    return None if data is None else np.array(data.images[min(number, len(data.images) - 1)])


def _search_words(now: Progress) -> str:
    words = stage_words(now)
    return words if now.value is None else f"{words} · " + _("loss {loss:.4f}").format(loss=now.value)


def _show(model: Sampler, run: Run, image: Uint8Array, found: Arrays) -> None:
    """Both pictures with the error, the encoder's answer for a VAE, the way to the sliders, and what kind of picture it is."""
    answers = [(_("Your picture"), image, ""), (_("Found"), found["image"], _error_words(float(found["error"])))]
    latents = {"found": found["z"]}
    if "encoder" in (encoded := _encoded(run, model.step, image)):
        answers.append((_("The encoder's answer, at once"), encoded["image"], _error_words(float(encoded["error"]))))
        latents["encoder"] = encoded["encoder"]
    for number, (column, (name, shown, words)) in enumerate(zip(st.columns(len(answers)), answers, strict=True)):
        with column:
            picture(
                imaging.array_url(shown),
                key=f"explore_answer_{number}",
                alt=name,
                caption=f"{name}. {words}",
                max_width_px=320,
            )
    search = LEVELS[st.session_state.get("explore_level") or "usual"]
    words = _(
        "The best of {candidates} random latents had an MSE of {first:.4f}. {starts} of them were improved in "
        "{steps} steps (Adam), the best to {error:.4f}. "
    )
    words += (
        _(
            "The loss compares pixels and what an evaluator sees; in its features {away:.1%} of the squared length are missed."
        )
        if bool(found["uses_features"])
        else _("The loss compares pixels only: there is no evaluator for these data.")
    )
    st.caption(words.format(
        candidates=search.candidates, first=float(found["first_error"]), starts=search.starts, steps=search.steps,
        error=float(found["error"]), away=float(found["feature_distance"]),
    ))  # fmt: skip
    with st.container(horizontal=True):
        st.button(_("Change it with the sliders"), type="primary", key="explore_edit", icon=":material/tune:",
                  on_click=_keep, args=(run.id, model.step, latents["found"]))  # fmt: skip
        if "encoder" in latents:
            st.button(_("Start with the encoder's answer"), key="explore_edit_encoder", icon=":material/tune:",
                      on_click=_keep, args=(run.id, model.step, latents["encoder"]))  # fmt: skip
    out_of_distribution(run, model.config, image)


def _error_words(error: float) -> str:
    return _("MSE {error:.4f} (mean squared error of pixels from 0 to 1)").format(error=error)


def _encoded(run: Run, step: int, image: Uint8Array) -> Arrays:
    """What a VAE's encoder says of the picture, and what comes back; nothing for a GAN."""
    if not kind_of(run.config()).encodes:
        return {}
    from pages.components.shared import models

    model = models.shown(run, step).model
    latents, errors = model.measure(image[None])
    return {"encoder": latents[0], "image": model.decode(latents)[0], "error": errors[0]}


def _keep(run_id: str, step: int, z: npt.NDArray[np.float32]) -> None:
    """Turns the page to the sliders, which begin with this latent."""
    st.session_state[FOUND] = {"run": run_id, "step": step, "z": np.array(z, np.float32)}
    st.query_params["view"] = "sliders"
    st.session_state["explore_begin"] = "found"

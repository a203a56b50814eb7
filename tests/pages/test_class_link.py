"""A link for the class: what it carries, what it hides, what it refuses, and that nobody gets rights by it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import segno
from streamlit.testing.v1 import AppTest

from gan_core import runs
from gan_core.access import VIEWER, Actor, Role
from gan_core.config import RunConfig, with_changes
from gan_core.experiments.breakages import BREAKAGES
from gan_core.experiments.lessons import LESSONS
from gan_core.experiments.sweeps.folder import list_folders
from gan_core.figures.qr_code import MAX_CHARACTERS, qr_svg
from gan_core.jobs import task
from gan_core.lab2d.stories import STORIES
from gan_core.presets import PRESETS
from gan_core.runs import Run
from pages.components.shared import class_link, lab, visitor
from pages.components.shared.settings_link import in_address, with_settings
from tests.pages.conftest import Visit, calm, copy_of, labels, words

NAVIGATION = {"Home", "Learn", "Data", "Train", "Runs"}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_link, "lan_addresses", lambda: ["192.168.1.20"])


def be(monkeypatch: pytest.MonkeyPatch, who: Actor | None) -> None:
    """The visitor is somebody, for the pages; what outlives the test does not learn of it."""
    monkeypatch.setattr(lab, "set_source", lambda _source: None)
    monkeypatch.setattr(visitor, "actor", lambda: who)


def sidebar(app: AppTest) -> set[str]:
    return {str(link.proto.label) for link in app.sidebar.get("page_link")} & NAVIGATION


def link(app: AppTest, key: str) -> str:
    """The address behind the button, as its field has it."""
    calm(app.button(key=key).click().run())
    texts = [element.proto for element in app.get("bidi_component") if f"{key}_copy" in str(element.proto)]
    (address,) = {found for proto in texts for found in re.findall(r'http://[^"\\ ]+', str(proto))}
    return str(address)


def opened(visit: Visit, address: str) -> AppTest:
    parts = urlsplit(address)
    return visit(parts.path.strip("/"), **dict(parse_qsl(parts.query, keep_blank_values=True)))


@pytest.mark.parametrize("name", PRESETS)
def test_an_address_brings_back_every_setting_of_every_preset(name: str) -> None:
    config = PRESETS[name].config
    given = in_address(RunConfig(), config)
    found, refusals = with_settings(RunConfig(), given)
    assert refusals == [] and with_changes(found, {"preset": config.preset}) == config


def test_train_s_link_carries_what_differs_and_shows_that_alone(visit: Visit, runs_dir: object) -> None:
    app = visit("train", preset="r1-dcgan-lite")
    app.number_input(key="train_r1-dcgan-lite_training.epochs").set_value(3)
    app.text_input(key="train_r1-dcgan-lite_generator_optimizer.learning_rate").set_value("0.0007")
    address = link(calm(app.run()), "train_link")
    assert address.startswith("http://192.168.1.20") and address.endswith(
        "/train?preset=r1-dcgan-lite&generator_optimizer.learning_rate=0.0007&training.epochs=3&only=1"
    )
    app = opened(visit, address)
    assert sidebar(app) == set() and [box.key for box in app.selectbox] == ["lab_language_choice"]
    assert [box.value for box in app.number_input] == [3]
    assert [box.value for box in app.text_input] == ["0.0007", ""]
    assert "Link for the class" not in labels(app)
    app.number_input[0].set_value(4)
    calm(app.button(key="train_start").click().run())
    (run,) = runs.list_runs(runs_dir)
    assert run.config().training.epochs == 4 and run.config().generator_optimizer.learning_rate == 0.0007
    wanted = with_changes(PRESETS["r1-dcgan-lite"].config, {"training.epochs": 4})
    assert run.config().network == wanted.network and run.config().preset == "r1-dcgan-lite"
    assert sidebar(app) == set(), "the run that the link leads to"
    app = calm(app.button(key="class_link_leave").click().run())
    assert sidebar(app) == NAVIGATION


def test_show_everything_keeps_the_settings(visit: Visit) -> None:
    app = visit("train", preset="r1-dcgan-lite", only="1", **{"training.epochs": "3"})
    app = calm(app.button(key="class_link_leave").click().run())
    assert sidebar(app) == NAVIGATION and "only" not in app.query_params
    assert app.selectbox(key="train_preset").value == "r1-dcgan-lite" and "From the link" in words(app)


def test_bad_values_are_a_sentence_each_and_the_usual_values(visit: Visit) -> None:
    bad = {"training.epochs": "-3", "training.nonsense": "1", "training.batch_size": "48"}
    app = visit("train", preset="no [x](http://a.b)", only="1", **bad)
    text = words(app)
    assert "There is no preset “no [x](http://a.b)”" in text.replace("\u2060", "") or "There is no preset" in text
    assert "'training.epochs' must be greater than or equal to 1; got '-3'." in text
    assert "There is no setting 'training.nonsense'" in text
    assert [box.value for box in app.number_input] == [48]


def test_an_address_that_is_too_long_for_a_code_is_a_sentence_and_stands_there_all_the_same(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan_core.figures.qr_code.MAX_CHARACTERS", 40)
    app = visit("train")
    assert "only=1" in link(app, "train_link")
    assert re.search(r"The address has \d+ characters; a QR code that a phone can read holds 40", words(app))
    assert not [b for b in app.get("bidi_component") if "train_link_qr" in str(b.proto)]


def test_the_computer_s_own_name_for_itself_is_asked_for_and_checked(visit: Visit) -> None:
    app = visit("train")
    link(app, "train_link")
    app.text_input(key="train_link_host").set_value("class-pc.local")
    assert link(app, "train_link").startswith("http://class-pc.local")
    app.text_input(key="train_link_host").set_value("a b/<c>")
    calm(app.button(key="train_link").click().run())
    assert "is no name or address of a computer" in words(app)


def test_the_lab_s_link_carries_the_story_and_what_was_changed(visit: Visit) -> None:
    app = visit("learn", tab="lab", story="bce")
    turn = app.session_state["twin_turn"]
    app.number_input(key=f"twin_{turn}_remedies.packing").set_value(2)
    app.session_state["twin_rates"] = app.session_state["twin_rates"] | {"generator": 0.002}
    address = link(calm(app.run()), "twin_share")
    assert address.endswith(
        "/learn?tab=lab&story=bce&remedies.packing=2&generator_optimizer.learning_rate=0.002&only=1"
    )
    app = opened(visit, address)
    base = app.session_state["twin_base"]
    assert (base.remedies.packing, base.generator_optimizer.learning_rate) == (2, 0.002)
    assert app.session_state["twin_rates"]["generator"] == 0.002
    assert sidebar(app) == set() and not [b for b in app.button if str(b.key).startswith("twin_story")]
    assert [box.value for box in app.number_input] == [2] and "twin_all" not in [t.key for t in app.toggle]
    app = calm(app.button(key="class_link_leave").click().run())
    assert app.session_state["twin_base"] == base
    app = calm(app.button(key="twin_story_wgan").click().run())
    assert app.session_state["twin_base"] == STORIES["wgan"].config and "remedies.packing" not in app.query_params


def test_what_the_lab_cannot_play_is_a_sentence(visit: Visit) -> None:
    bad = {"network.width": "4096", "remedies.packing": "99", "dataset.name": "faces"}
    app = visit("learn", tab="lab", story="nothing", only="1", **bad)
    text = words(app)
    assert "There is no story “nothing” here." in text and "no setting 'network.width'" in text
    assert "'remedies.packing' must be" in text and "The 2-D lab needs one of ring8, grid25, points" in text
    assert app.session_state["twin_base"] == STORIES["r1"].config


def test_a_lesson_s_link_has_no_way_out_but_the_one(visit: Visit) -> None:
    name = next(iter(LESSONS))
    address = link(visit("learn", lesson=name), "lessons_link")
    assert address.endswith(f"/learn?lesson={name}&only=1")
    app = opened(visit, address)
    assert "All lessons" not in labels(app) and "Show everything" in labels(app) and sidebar(app) == set()


def test_break_and_repair_s_link_is_of_two_runs_or_of_one_way(visit: Visit, trained: Run) -> None:
    other = copy_of(trained.path, trained.path.parent, "other")
    app = visit("learn", tab="break", broken=trained.id, sound=other.id)
    assert link(app, "collapse_link").endswith(f"/learn?tab=break&broken={trained.id}&sound=other&only=1")
    app.selectbox(key="collapse_link_about").select("clip")
    address = link(app, "collapse_link")
    assert address.endswith("/learn?tab=break&way=clip&only=1")
    app = opened(visit, address)
    assert [b.key for b in app.button if str(b.key).startswith("collapse_break")] == ["collapse_break_clip"]
    assert not [box for box in app.selectbox if str(box.key).startswith("collapse_broken")]
    calm(app.button(key="collapse_break_clip").click().run())
    assert app.query_params["only"] and app.query_params["broken"], "the broken model stands below its card"
    app = visit("learn", tab="break", way="nothing", broken="gone", only="1")
    text = words(app)
    assert "There is no way “nothing” to break a model" in text and "There is no run “gone” here" in text
    assert len([b for b in app.button if str(b.key).startswith("collapse_break")]) == len(BREAKAGES)


def test_a_sweep_s_link_carries_what_is_varied_and_shows_that_alone(visit: Visit) -> None:
    app = visit("train", tab="many")
    app.multiselect(key="sweeps_fields").set_value(["training.batch_size", "generator_optimizer.learning_rate"])
    app.selectbox(key="sweeps_aim_mnist-dcgan").set_value("loss/g")
    app = calm(app.run())
    app.text_input(key="sweeps_values_mnist-dcgan_training.batch_size").set_value("32, 128")
    app.text_input(key="sweeps_values_mnist-dcgan_generator_optimizer.learning_rate").set_value("1e-4..1e-3")
    app = calm(app.run())
    app.number_input(key="sweeps_trials").set_value(7)
    address = link(calm(app.run()), "sweeps_link")
    assert address.endswith(
        "/train?tab=many&about=own&preset=mnist-dcgan&vary.training.batch_size=32,%20128"
        "&vary.generator_optimizer.learning_rate=1e-4..1e-3&aim=loss%2Fg&images=1000&trials=7&seed=0&only=1"
    )
    app = opened(visit, address)
    assert sidebar(app) == set() and not app.multiselect and "Start it" not in labels(app)
    assert [box.value for box in app.text_input] == ["", "32, 128", "1e-4..1e-3"]
    assert [box.value for box in app.number_input] == [7, 0, 1000]
    assert "7 trials, one after the other" in words(app)
    app = calm(app.button(key="class_link_leave").click().run())
    assert sidebar(app) == NAVIGATION and labels(app).count("Start it") == 2
    assert app.multiselect[0].value == ["training.batch_size", "generator_optimizer.learning_rate"]
    assert [box.value for box in app.text_input][:3] == ["", "32, 128", "1e-4..1e-3"]


def test_a_sweep_s_link_begins_the_sweep_that_was_linked(
    visit: Visit, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "_launch", lambda place, actor: None)
    given = {"aim": "loss/d", "vary.training.epochs": "1, 2, 3", "preset": "r1-dcgan-lite"}
    app = visit("train", tab="many", about="own", only="1", **given)
    calm(app.button(key="sweeps_start").click().run())
    (folder,) = list_folders(runs_dir)
    (axis,) = folder.sweep.axes
    assert (folder.sweep.preset, folder.sweep.objective.metric, folder.sweep.search) == (
        "r1-dcgan-lite",
        "loss/d",
        False,
    )
    assert (axis.name, axis.values) == ("training.epochs", (1, 2, 3))


def test_what_a_sweep_cannot_have_is_a_sentence_each(visit: Visit) -> None:
    bad = {"preset": "none", "aim": "nothing", "images": "7", "trials": "²", "vary.training.nonsense": "1"}
    app = visit("train", tab="many", about="own", only="1", **bad, **{"vary.training.epochs": "0, 2"})
    text = words(app)
    assert "There is no preset “none” here" in text and "do not have the metric 'nothing'" in text
    assert "There is no setting 'training.nonsense'" in text
    assert "'images' must be a whole number from 100 to 5,000; got '7'." in text
    assert "'trials' must be a whole number from 0 to 300; got '²'." in text
    assert "'training.epochs' must be greater than or equal to 1; got '0'." in text
    assert app.button(key="sweeps_start").disabled
    many = {f"vary.network.{name}": "1" for name in ("width", "latent_dim")}
    many |= {f"vary.training.{name}": "1" for name in ("epochs", "batch_size", "seed", "threads", "max_steps")}
    app = visit("train", tab="many", about="own", **many)
    assert "varies at most 6 settings at once; got 7" in words(app) and len(app.multiselect[0].value) == 6
    assert "There is no form “x” here" in words(visit("train", tab="many", about="x", only="1"))


def test_a_link_to_what_is_ready_made_shows_that_alone(visit: Visit) -> None:
    address = link(visit("train", tab="many"), "sweeps_link_rates")
    assert address.endswith("/train?tab=many&about=rates&only=1")
    app = opened(visit, address)
    assert labels(app).count("Start it") == 1 and not app.text_input and "Search two learning rates" in words(app)


def test_the_study_s_link_carries_its_numbers(visit: Visit) -> None:
    app = visit("train", tab="many")
    app.number_input(key="study_epochs").set_value(9)
    app.number_input(key="study_seeds").set_value(2)
    address = link(calm(app.run()), "study_link")
    assert re.search(r"/train\?tab=many&about=weights&epochs=9&images=\d+&seeds=2&only=1$", address)
    app = opened(visit, address)
    assert [app.number_input[place].value for place in (0, 2)] == [9, 2] and "Start it" not in labels(app)
    app = opened(visit, address.replace("seeds=2", "seeds=4"))
    assert "'seeds' must be a whole number from 1 to 3; got '4'." in words(app) and app.number_input[2].value == 1


@pytest.mark.parametrize(("who", "there"), [(None, True), (Actor("t", "T", Role.TEACHER), True), (VIEWER, False)])
def test_teachers_have_the_button(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, who: Actor | None, there: bool
) -> None:
    be(monkeypatch, who)
    app = visit("train")
    assert ("Link for the class" in labels(app)) is there


def test_a_visitor_who_must_sign_in_comes_back_to_the_link(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    be(monkeypatch, VIEWER)
    app = visit("train", preset="mnist-dcgan", only="1", **{"training.epochs": "3"})
    (sign_in,) = [str(html.proto.body) for html in app.sidebar.get("html") if "sign-in" in str(html.proto)]
    (to,) = parse_qs(urlsplit(re.findall(r'href="([^"]+)"', sign_in)[0].replace("&amp;", "&")).query)["to"]
    assert to.startswith("train?") and dict(parse_qsl(to.partition("?")[2])) == {
        "preset": "mnist-dcgan", "only": "1", "training.epochs": "3"
    }  # fmt: skip


def test_the_code_holds_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no decoder among what the tests need: what the library is given, and that it draws all of it."""
    given = []
    make = segno.make_qr

    def note(text: str, **how: object) -> segno.QRCode:
        given.append(text)
        return make(text, **how)

    monkeypatch.setattr(segno, "make_qr", note)
    address = "http://192.168.1.20:8501/train?preset=mnist-dcgan&only=1"
    svg = qr_svg(address)
    assert given == [address] and svg.startswith("<svg") and 'fill="#fff"' in svg
    with pytest.raises(ValueError, match=r"has 701 characters; a QR code that a phone can read holds 700"):
        qr_svg("x" * (MAX_CHARACTERS + 1))

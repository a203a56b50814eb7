""" "To add X, touch Y" in docs/architecture.md: each line of that table is done to a copy of the program, with a toy.

The copy then finds every toy by itself where people would look for it: in the form, on the command line, in lists, on pages.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gan_core.config.settings import PROJECT_DIR

ROOM = PROJECT_DIR / "gan_core"


def like(path: str, **renamed: str) -> str:
    """A file of the program under other names: `old="new"` of whole words."""
    text = (PROJECT_DIR / path).read_text(encoding="utf-8")
    for old, new in renamed.items():
        assert re.search(rf"\b{old}\b", text), f"{path} does not say {old}"
        text = re.sub(rf"\b{old}\b", new, text)
    return text


@dataclass(frozen=True)
class Addition:
    """One thing that is added.

    Attributes:
        files: new files, path -> text.
        lines: existing files, path -> (a line of it, what to put before that line), any number.
    """

    files: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


def kind_like_vae() -> str:
    """The VAE's entry in the table of kinds under another name."""
    found = re.search(
        r'        "vae": Kind\(.*?\n        \),\n', (ROOM / "models" / "kinds.py").read_text("utf-8"), re.DOTALL
    )
    assert found is not None
    names = {
        '"vae": Kind': '"toy_kind": Kind',
        'short="VAE"': 'short="TOY"',
        "gan_core.models.vae": "gan_core.models.toy_kind",
    }
    text = found[0]
    for old, new in names.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


METRICS_TABLE = "INCEPTION_SCORE, MODES, MODE_KL, COPYING,"
TABLE = "gan_core/models/networks/__init__.py"
ADDITIONS = {
    "loss": Addition(
        lines={
            "gan_core/models/objectives.py": [
                (
                    '        "hinge": Objective(',
                    '        "toy_loss": Objective(\n            "Toy loss", _parts(hinge_real, hinge_fake), _of_fake(hinge_generator),'
                    ' False, False, "A toy"\n        ),\n',
                )
            ]
        }
    ),
    "penalty": Addition(
        lines={
            "gan_core/models/penalties.py": [
                (
                    '        "r1": Penalty(',
                    '        "toy_penalty": Penalty("Toy penalty", r1_penalty, 1.0, True, "A toy"),\n',
                )
            ]
        }
    ),
    "kind of augmentation": Addition(
        lines={
            "gan_core/models/augmentation.py": [
                (
                    '        "translation": Augmentation(',
                    '        "toy_augmentation": Augmentation("Toy augmentation", _color),\n',
                )
            ]
        }
    ),
    "place where runs train": Addition(
        files={
            "gan_core/training/toy.py": '"""A toy place."""\n\nfrom gan_core.training.trainers import ThreadTrainer\n\n\n'
            'class ToyTrainer(ThreadTrainer):\n    """Trains in the calling thread."""\n'
        },
        lines={
            "gan_core/training/places.py": [
                ("from gan_core.training.trainers import", "from gan_core.training.toy import ToyTrainer\n"),
                (
                    '        "slurm": Place(',
                    '        "toy_place": Place(lambda settings, device: ToyTrainer(settings.runs_dir, device)),\n',
                ),
            ],
            "gan_core/config/settings.py": [('"slurm")  # entries of', '"toy_place", ')],
        },
    ),
    "network": Addition(
        files={"gan_core/models/networks/toy.py": like("gan_core/models/networks/dcgan4.py")},
        lines={
            TABLE: [
                (
                    '        "resnet": NetworkEntry(',
                    '        "toy_network": NetworkEntry(\n            "Toy network", "A toy.", "gan", "images", 8, "gan_core.models.networks.toy",'
                    '\n            "gan_core.models.networks.initialisation:dcgan_init",\n        ),\n',
                )
            ]
        },
    ),
    "data set": Addition(
        files={
            "gan_core/datasets/sources/toy.py": '"""A toy."""\n\nfrom gan_core.datasets.sources.mnist5k import SOURCE  # noqa: F401\n'
        },
        lines={
            "gan_core/datasets/__init__.py": [
                (
                    '        "faces": DatasetEntry(',
                    '        "toy-set": DatasetEntry(\n            title="Toy set", description="A toy.", needs_root=False,\n'
                    '            source="gan_core.datasets.sources.toy:SOURCE", usual_size=32, usual_channels=1,\n        ),\n',
                )
            ]
        },
    ),
    "metric": Addition(
        files={
            "gan_core/evaluation/metrics/toy.py": like(
                "gan_core/evaluation/metrics/diversity.py", DIVERSITY="TOY_METRIC"
            )
            .replace('"diversity"', '"toy_metric"')
            .replace('"Diversity index"', '"Toy metric"')
            .replace('direction="real"', 'direction="higher"')
        },
        lines={
            "gan_core/evaluation/metrics/__init__.py": [
                (
                    "from gan_core.evaluation.metrics.kernel import",
                    "from gan_core.evaluation.metrics.toy import TOY_METRIC\n",
                ),
                (f"            {METRICS_TABLE}", "            TOY_METRIC,\n"),
            ]
        },
    ),
    "diagnosis": Addition(
        files={
            "gan_core/analysis/doctor/toy.py": '"""A toy."""\n\nfrom gan_core.analysis.doctor.finding import Diagnosis, Sign\n\n\n'
            'def always(trace):\n    """Found in every run."""\n    return Sign(int(trace.steps[-1]), int(trace.steps[-1]), "A toy.")\n\n\n'
            'DIAGNOSES = (\n    Diagnosis("toy_diagnosis", "Toy diagnosis", "A toy.", "note", ("loss/d",), always, lambda config: []),\n)\n'
        },
        lines={
            "gan_core/analysis/doctor/__init__.py": [
                (
                    "    standstill,\n",
                    "    toy,\n",
                ),  # the import
                (
                    "general, game, collapse, standstill, dominance, one_sided, memory, autoencoder, denoising)",
                    "toy, ",
                ),  # the table
            ]
        },
    ),
    "lesson": Addition(
        files={
            "gan_core/experiments/lessons/toy.py": like("gan_core/experiments/lessons/see.py")
            .replace('name="see"', 'name="toy"')
            .replace('title="What D and G see"', 'title="Toy lesson"')
        },
        lines={
            "gan_core/experiments/lessons/__init__.py": [
                ("    steering,\n", "    toy,\n"),  # the import
                (
                    "see, balance, collapse, lipschitz, conditioning, vae, four_ways, denoising, steering)",
                    "toy, ",
                ),  # the table
            ]
        },
    ),
    "page": Addition(
        files={"pages/toy.py": '"""A toy."""\n\nimport streamlit as st\n\nst.title("Toy page")\n'},
        lines={
            "app.py": [
                ('        "runs": st.Page(', '        "toy": st.Page("pages/toy.py", title=_("Toy page")),\n'),
            ]
        },
    ),
    "section of the configuration": Addition(
        lines={
            "gan_core/config/sections.py": [
                (
                    "class RecordingConfig(Section):",
                    'class ToyConfig(Section):\n    """A toy."""\n\n    toy_strength: Annotated[float, number("", ge=0, le=1)] = 0.5\n'
                    '    """A toy\'s strength."""\n\n\n',
                )
            ],
            "gan_core/config/run_config.py": [
                ("from gan_core.config.sections import (", "from gan_core.config.sections import ToyConfig\n"),
                ("    recording: RecordingConfig", "    toy_section: ToyConfig = ToyConfig()\n"),
            ],
            "gan_core/models/kinds.py": [('"dataset", "network", "training", "recording")', '"toy_section", ')],
        }
    ),
    "kind of model": Addition(
        files={
            "gan_core/models/toy_kind.py": '"""A toy."""\n\nfrom gan_core.models.vae import build, build_networks, decode  # noqa: F401\n',
            "gan_core/models/networks/toy_layers.py": like("gan_core/models/networks/vae.py"),
        },
        lines={
            "gan_core/models/kinds.py": [
                ('        "vae": Kind(', kind_like_vae()),
            ],
            TABLE: [
                (
                    '        "resnet": NetworkEntry(',
                    '        "toy_layers": NetworkEntry(\n            "Toy layers", "A toy.", "toy_kind", "images", 8, "gan_core.models.networks.toy_layers",'
                    '\n            "gan_core.models.networks.initialisation:default_init",\n        ),\n',
                )
            ],
        },
    ),
}

FIND = """
import json, os, sys
from pathlib import Path
from streamlit.testing.v1 import AppTest
from gan_core.analysis.doctor import DIAGNOSES
from gan_core.config import RunConfig, field_names, with_changes
from gan_core.datasets import DATASETS
from gan_core.evaluation.metrics import METRICS
from gan_core.experiments.lessons import LESSONS
from gan_core.experiments.sweeps.objectives import fitting_metrics
from gan_core.models.augmentation import AUGMENTATIONS
from gan_core.models.kinds import kind_of
from gan_core.models.networks import NETWORKS
from gan_core.models.objectives import OBJECTIVES
from gan_core.models.penalties import PENALTIES
from gan_core.training.places import PLACES


def visit(page):
    app = AppTest.from_file("app.py", default_timeout=200).run()
    app.switch_page(f"pages/{page}.py")
    app.run()
    assert not app.exception, [e.message for e in app.exception]
    return app


def options(app, field):
    return [o for box in app.selectbox if box.key and box.key.endswith(field) for o in box.options]


train = visit("train")
found = {
    "loss": ["toy_loss" in OBJECTIVES, "Toy loss" in options(train, "_objective.name")],
    "penalty": ["toy_penalty" in PENALTIES, "Toy penalty" in options(train, "_penalty.name")],
    "kind of augmentation": ["toy_augmentation" in AUGMENTATIONS, any("Toy augmentation" in box.options for box in train.multiselect)],
    "place where runs train": ["toy_place" in PLACES],
    "network": ["toy_network" in NETWORKS, "Toy network" in options(train, "_network.name")],
    "data set": ["toy-set" in DATASETS, any("Toy set" in o for box in visit("data").selectbox for o in box.options)],
    "metric": ["toy_metric" in METRICS, "toy_metric" in fitting_metrics(with_changes(RunConfig(), {"dataset.name": "ring8", "network.name": "mlp"}))],
    "diagnosis": ["toy_diagnosis" in DIAGNOSES],
    "lesson": ["toy" in LESSONS, any("Toy lesson" in str(e.value) for e in visit("learn").markdown)],
    "page": ["Toy page" in [title.value for title in visit("toy").title]],
    "section of the configuration": [
        "toy_section.toy_strength" in field_names(),
        any(box.key and box.key.endswith("_toy_section.toy_strength") for box in train.text_input),
    ],
    "kind of model": [
        kind_of(with_changes(RunConfig(), {"network.name": "toy_layers"})).short == "TOY",
        "Toy layers" in options(train, "_network.name"),
    ],
}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with every toy in it."""
    place = tmp_path_factory.mktemp("copy")
    for name in ("gan_core", "pages", ".streamlit"):
        shutil.copytree(PROJECT_DIR / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "pyproject.toml"):
        shutil.copy(PROJECT_DIR / name, place)
    for addition in ADDITIONS.values():
        for path, text in addition.files.items():
            assert not (place / path).exists()
            (place / path).write_text(text, encoding="utf-8")
        for path, insertions in addition.lines.items():
            text = (place / path).read_text(encoding="utf-8")
            for line, new in insertions:
                assert text.count(line) == 1, f"{path} holds {text.count(line)} times: {line}"
                text = text.replace(line, new + line)
            (place / path).write_text(text, encoding="utf-8")
    return place


def in_copy(copy: Path, *arguments: str, status: int = 0) -> str:
    """Runs Python in the copy, which must end with this status; returns what it printed, or of a refusal the sentence."""
    folders = {
        f"GANVAS_{name}_DIR": str(copy / name.lower()) for name in ("RUNS", "DATA", "CACHE", "PRETRAINED", "EVALUATORS")
    }
    environment = {**os.environ, **folders, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == status, done.stderr[-3000:]
    return done.stderr if status else done.stdout


def documented() -> dict[str, set[str]]:
    """The table of docs/architecture.md: what is added -> the files that it names."""
    text = (PROJECT_DIR / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| a (.+?) \| (.+?) \|", text, re.MULTILINE)
    return {name: set(re.findall(r"`([\w/]+\.py)`", files)) for name, files in rows}


@pytest.mark.parametrize("name", ADDITIONS)
def test_the_architecture_page_names_every_file_that_an_addition_touches(name: str):
    addition = ADDITIONS[name]
    new = {re.sub(r"\w+\.py$", "NAME.py", path) for path in addition.files}
    assert documented()[name] == new | addition.lines.keys()


def test_the_architecture_page_promises_nothing_that_is_not_tried():
    assert documented().keys() == ADDITIONS.keys()


@pytest.mark.slow
def test_every_toy_is_found_in_lists_in_the_form_and_on_pages(copy: Path):
    found = json.loads(in_copy(copy, "-c", FIND).splitlines()[-1])
    assert found.keys() == ADDITIONS.keys()
    assert {name: where for name, where in found.items() if not all(where)} == {}


@pytest.mark.slow
def test_every_toy_works_from_the_command_line(copy: Path):
    small = ["network.width=4", "network.latent_dim=8", "dataset.image_size=8", "dataset.num_images=32", "training.batch_size=16",
             "training.max_steps=4", "training.device=cpu", "training.threads=1", "training.precision=fp32"]  # fmt: skip
    gan = ["objective.name=toy_loss", "penalty.name=toy_penalty", "network.name=toy_network", "dataset.name=toy-set",
           "toy_section.toy_strength=0.25", "augmentation.kinds=toy_augmentation", "network.discriminator_norm=none"]  # fmt: skip
    for name, settings in {"gan": gan, "vae": ["network.name=toy_layers", "training.ema_decay=0"]}.items():
        changes = [part for setting in (*small, *settings) for part in ("--set", setting)]
        in_copy(copy, "-m", "gan_core", "train", "mnist-dcgan", *changes, "--name", name, "--on", "toy_place")
    findings = json.loads(in_copy(copy, "-m", "gan_core", "diagnose", "gan", "--json"))
    assert "toy_diagnosis" in json.dumps(findings)
    assert "toy-set" in in_copy(copy, "-m", "gan_core", "datasets", "--json")
    refusal = in_copy(copy, "-m", "gan_core", "evaluate", "gan", "--metrics", "no_such_metric", status=2)
    assert "toy_metric" in refusal

"""The collapse benchmark: tests with known p-values, results kept and read, a real tiny run, and the component."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from benchmarks import collapse_runs
from benchmarks import collapse_table as command
from gan_core.config import RunConfig, with_changes
from gan_core.config.settings import PROJECT_DIR
from gan_core.datasets.sources import stacked_mnist
from gan_core.experiments import benchmark
from gan_core.experiments.benchmark import (
    METHODS,
    OTHERS,
    PUBLISHED,
    TASKS,
    Published,
    Result,
    Results,
    page,
    results,
    storage,
    summary,
)
from gan_core.experiments.benchmark.cells import figure_of
from gan_core.experiments.benchmark.figure import figure
from gan_core.training.plan import check


def made(method: str, captured: list[int], quality: float = 0.9, mode_tv: float | None = None) -> tuple[Result, ...]:
    return tuple(
        Result(
            method=method,
            seed=seed,
            mode_tv=mode_tv,
            captured=value,
            high_quality=quality,
            reverse_kl=0.1,
            num_samples=2500,
        )
        for seed, value in enumerate(captured)
    )


def found(*groups: tuple[Result, ...], task: str = "ring8") -> Results:
    return Results(task=task, recipe=benchmark.recipe(task), results=tuple(r for group in groups for r in group))


# the comparison


def test_methods_are_compared_with_the_plain_gan_and_corrected_for_how_many_they_are():
    data = found(made("bce", [5, 6, 6, 5, 6]), made("pacgan2", [8, 8, 8, 8, 8]), made("lsgan", [5, 6, 6, 6, 6]))
    first, second = summary.differences(data)
    assert (first.first, first.differs, first.value) == ("pacgan2", True, pytest.approx(2.4))
    assert (second.first, second.differs) == ("lsgan", False)
    assert first.corrected == pytest.approx(2 * first.p_value)
    assert summary.differences(found(made("pacgan2", [8, 8]))) == []


def test_high_quality_is_compared_by_the_same_tests_in_its_own_unit():
    data = found(made("bce", [8] * 6, 0.8), made("pacgan4", [8] * 6, 0.4316), made("lsgan", [8] * 6, 0.8))
    lower, same = summary.differences(data, "high_quality")
    assert (lower.first, lower.differs, lower.value) == ("pacgan4", True, pytest.approx(-0.3684, abs=1e-9))
    assert lower.p_value == pytest.approx(2 / math.comb(12, 6)) and lower.test == "permutation"
    assert (same.first, same.value, same.p_value) == ("lsgan", 0.0, 1.0)
    assert not any(line.differs for line in summary.differences(data))  # in modes they are all the same


def test_mode_tv_is_compared_where_every_result_has_it():
    data = found(made("bce", [5] * 5, mode_tv=0.5), made("pacgan2", [8] * 5, mode_tv=0.2), made("lsgan", [8] * 5))
    (lower,) = summary.differences(data, "mode_tv")
    assert (lower.first, lower.differs, lower.value) == ("pacgan2", True, pytest.approx(-0.3))
    real, *_ = summary.rows(found(made("real", [8, 8]), made("bce", [5, 5], mode_tv=0.5)))
    assert "mode_tv" not in real.measures  # made before it was measured
    assert summary.differences(found(made("bce", [5] * 5), made("pacgan2", [8] * 5)), "mode_tv") == []


def test_few_seeds_are_compared_by_welchs_test():
    data = found(made("bce", [90, 100, 110]), made("pacgan2", [800, 820, 790]), task="stacked-mnist")
    (line,) = summary.differences(data)
    assert (line.test, line.differs) == ("welch", True)


def test_a_generator_that_smears_is_named():
    data = found(made("bce", [8, 8], quality=0.9), made("sngan", [8, 8], quality=0.02))
    assert [row.title for row in summary.smeared(summary.rows(data))] == ["SNGAN"]


def test_the_targets_are_read_off_the_results():
    modes, quality = summary.targets(found(made("pacgan2", [8, 8, 7])))
    assert modes[:2] == ("captured", 7.9) and modes[2].value == pytest.approx(23 / 3)
    assert quality[:2] == ("high_quality", 0.95) and quality[2].value == pytest.approx(0.9)
    assert summary.targets(found()) == []


# the recipe


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_legal_on_every_task_and_differs_only_in_what_defines_it(task, method):
    config = with_changes(RunConfig(), TASKS[task].changes(method, 1))
    check(config)
    assert config.training.seed == 1
    assert config.training.max_steps == TASKS[task].settings["training.max_steps"]
    packs = config.training.batch_size // config.remedies.packing
    assert packs == TASKS[task].settings["training.batch_size"]  # a batch is counted in packs, as in PacGAN


def test_published_figures_name_a_known_row_and_their_paper():
    assert all(task in TASKS and method in METHODS for task, method in PUBLISHED)
    assert all("20" in paper.source for papers in PUBLISHED.values() for paper in papers)
    assert all(task in TASKS and "20" in paper.source for task, rows in OTHERS.items() for _, paper in rows)
    assert all(paper.reverse_kl for papers in PUBLISHED.values() for paper in papers if "PacGAN" in paper.source)


def test_a_papers_figures_are_printed_with_their_error_and_its_kl():
    assert figure_of(Published(6.3, "a paper", 0.5, 0.982, 0.45)) == "6.3 ± 0.5, KL 0.45"
    assert figure_of(Published(99.0, "a paper")) == "99"


# the command


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ring that takes 20 steps, and a folder of its own."""
    entry = TASKS["ring8"]
    small = {**entry.settings, "training.max_steps": 20, "network.width": 8, "dataset.num_images": 500}
    task = benchmark.BenchmarkTask(entry.title, 8, 200, 2, small, entry.assignment, entry.by_method)
    monkeypatch.setitem(TASKS._entries, "ring8", task)
    monkeypatch.setattr(storage, "DATA", tmp_path)
    return tmp_path


def test_what_is_missing_is_made_kept_and_not_made_again(tiny):
    todo = list(command.missing("ring8", ["bce", "pacgan2"], 2))
    assert todo == [("real", (0, 1), None), ("bce", (0, 1), None), ("pacgan2", (0, 1), None)]
    for method, seeds, _ in todo[:2]:
        command.keep("ring8", command.make("ring8", method, seeds))
    assert list(command.missing("ring8", ["bce", "pacgan2"], 2)) == [("pacgan2", (0, 1), None)]
    kept = results("ring8").results
    assert [(r.method, r.seed, r.num_samples) for r in kept] == [
        ("real", 0, 200), ("real", 1, 200), ("bce", 0, 200), ("bce", 1, 200)
    ]  # fmt: skip
    assert kept[0].captured == 8 and kept[0].high_quality > 0.95
    assert kept[0].mode_tv < 0.15 < kept[2].mode_tv  # 20 steps teach nothing


def test_a_result_that_two_processes_made_is_kept_once(tiny):
    command.keep("ring8", made("bce", [5, 6]))
    command.keep("ring8", made("bce", [7, 7, 7]))
    assert [result.captured for result in results("ring8").results] == [5, 6, 7]


def test_results_of_other_settings_and_damaged_ones_are_refused(tiny, monkeypatch):
    command.keep("ring8", made("bce", [5]))
    path = tiny / "ring8.json"
    path.write_text(path.read_text().replace('"training.max_steps": 20', '"training.max_steps": 21'))
    with pytest.raises(ValueError, match="other settings"):
        results("ring8")
    path.write_text("{")
    with pytest.raises(ValueError, match="cannot be read"):
        results("ring8")


def test_samples_that_are_not_finite_count_as_nothing_found():
    result = collapse_runs.counted("ring8", "wgan", 0, np.full((10, 2), np.nan))
    assert (result.mode_tv, result.captured, result.high_quality, result.diverged) == (1.0, 0, 0.0, True)


def test_the_kl_of_good_samples_counts_them_alone_and_is_the_worst_without_any():
    far = np.full((75, 2), 0.5)  # nearest to the mode at 45 degrees, of no quality
    on_two = np.repeat([[1.0, 0.0], [-1.0, 0.0]], [75, 25], axis=0)
    result = collapse_runs.counted("ring8", "bce", 0, np.concatenate([on_two, far]))
    assert result.good_kl == pytest.approx(0.75 * math.log(6) + 0.25 * math.log(2), abs=1e-5) != result.reverse_kl
    assert collapse_runs.counted("ring8", "bce", 0, far).good_kl == pytest.approx(math.log(8), abs=1e-5)


def test_stacked_digits_are_read_colour_by_colour(monkeypatch):
    monkeypatch.setenv("GANVAS_PRETRAINED_DIR", str(PROJECT_DIR / "checkpoints" / "pretrained"))
    stacks, labels = stacked_mnist.draw(1, range(40), 16)
    assert np.mean(collapse_runs.digits_of(stacks) == stacked_mnist.modes(labels)) >= 0.85


# what is shown


def test_the_page_holds_every_task_and_says_what_is_told_apart(tiny):
    command.keep("ring8", [*made("real", [8, 8]), *made("bce", [5] * 5), *made("pacgan2", [8] * 5)])
    text = page.page()
    assert all(task.title in text for task in TASKS.values())
    assert "Significantly above the plain GAN in modes captured: PacGAN2 (+3.0, p = 0.008)" in text
    assert "Not significantly different from the plain GAN in the share of high quality: PacGAN2." in text
    assert "6.3 ± 0.5, KL 0.45 (Lin et al. 2018, PacGAN, 10 runs)" in text
    assert (
        "near the paper's figures): 7.9 modes (reached, with 8.00 (8.00 to 8.00)); 0.95 of high quality (missed" in text
    )
    assert (
        "- Ring of 8: the plain GAN finds 5.0 (5.0 to 5.0) of 8 modes untuned (90% of its samples of high quality)."
        in text
    )
    assert "| GDPP | 8 | 0.717 | Elfeki et al. 2019, GDPP, batch 512, 25,000 steps, of 7 distinct modes |" in text


def test_the_component_shows_table_chart_and_sentence(tiny, monkeypatch):
    monkeypatch.setattr("streamlit.page_link", lambda *_, **__: None)  # the app's pages are not there
    command.keep(
        "ring8", [*made("real", [8, 8]), *made("bce", [5] * 5, mode_tv=0.5), *made("pacgan2", [8] * 5, mode_tv=0.25)]
    )
    app = AppTest.from_string(
        "from pages.components.collapse.table import collapse_table\ncollapse_table()", default_timeout=60
    ).run()
    assert not app.exception
    text = " ".join(element.value for element in app.markdown)
    assert (
        "The plain GAN finds **5.0 (5.0 to 5.0)** of 8 modes." in text
        and "**More** than the plain GAN in modes captured: PacGAN2." in text
    )
    assert "**No significant difference** from the plain GAN in high quality: PacGAN2." in text
    captions = " ".join(element.value for element in app.caption)
    assert (
        "there Adam's momentum is 0.9 (here 0.5), the learning rate 0.0005 (here 0.001), the batch size 128 (here 64)"
        in captions
    )
    assert "Lin et al. 2018, PacGAN, 10 runs: GAN 6.3 ± 0.5, KL 0.45; PacGAN2 7.9 ± 0.1, KL 0.07." in captions
    assert app.dataframe[0].value["Papers: modes (± standard error)"].tolist() == [
        "–",
        "6.3 ± 0.5, KL 0.45",
        "7.9 ± 0.1, KL 0.07",
    ]
    assert "**Less** than the plain GAN in mode-TV (lower is better): PacGAN2." in text
    assert app.dataframe[0].value["Mode-TV"].tolist() == ["–", "0.500 (0.500 to 0.500)", "0.250 (0.250 to 0.250)"]
    assert app.dataframe[0].value["Modes captured"].tolist() == [
        "8.0 (8.0 to 8.0)",
        "5.0 (5.0 to 5.0)",
        "8.0 (8.0 to 8.0)",
    ]
    assert len(app.get("plotly_chart")) == 3  # mode-TV, modes, and the share of good samples
    app = app.segmented_control(key="collapse_table_task").set_value("grid25").run()
    assert not app.exception and "yet" in app.info[0].value
    assert "GDPP 24.8, 0.685" in " ".join(element.value for element in app.caption)


def test_the_chart_draws_interval_seeds_and_what_papers_say(tiny):
    lines = summary.rows(found(made("real", [8, 8]), made("bce", [5, 7]), made("lsgan", [4, 4])))
    words = {"measure": "modes", "seed": "seed", "published": "paper", "real": "Real"}
    drawn = figure(lines, "captured", 8, words)
    ours, real, seeds, papers = drawn.data
    assert (ours.x, ours.y, real.x) == (("GAN", "LSGAN"), (6, 4), ("Real",))
    assert ours.y[0] + ours.error_y.array[0] == pytest.approx(lines[1].measures["captured"].high)
    assert sorted(seeds.y) == [4, 4, 5, 7, 8, 8]
    assert (papers.x, papers.y, papers.error_y.array) == (("GAN",), (6.3,), (0.5,))
    assert figure(lines, "high_quality", 0.989, words).data[-1].y == (0.982,)


def test_the_tables_intervals_are_in_the_visitors_language(monkeypatch):
    monkeypatch.setattr("streamlit.page_link", lambda *_, **__: None)
    monkeypatch.setenv("GANVAS_LANG", "zh_TW")
    app = AppTest.from_string("from pages.components.collapse.table import collapse_table\ncollapse_table()").run(
        timeout=60
    )
    cells = [str(cell) for table in app.dataframe for column in table.value for cell in table.value[column]]
    assert not app.exception and any("至" in cell for cell in cells)
    assert [cell for cell in cells if " to " in cell] == []


@pytest.mark.parametrize(("task", "there"), [("ring8", True), ("stacked-mnist-32", False)])
def test_the_kl_of_good_samples_has_a_column_where_samples_may_be_bad(monkeypatch, task, there):
    monkeypatch.setattr("streamlit.page_link", lambda *_, **__: None)
    app = AppTest.from_string("from pages.components.collapse.table import collapse_table\ncollapse_table()").run(
        timeout=60
    )
    app = app.segmented_control(key="collapse_table_task").set_value(task).run(timeout=60)
    assert not app.exception and ("KL of good samples" in app.dataframe[0].value) is there
    assert ("KL of good samples" in " ".join(words.value for words in app.markdown)) is there


def test_the_component_says_when_its_results_are_damaged(tiny):
    (tiny / "ring8.json").write_text("{")
    app = AppTest.from_string("from pages.components.collapse.table import collapse_table\ncollapse_table()").run()
    assert not app.exception and "cannot be read" in app.error[0].value

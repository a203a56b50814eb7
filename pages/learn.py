"""Learn: lessons, the 2-D lab, a model to break and repair, the benchmark. `?tab=` chooses, of the benchmark also `?view=`."""

import streamlit as st

from pages.components.collapse.few_pictures import few_pictures
from pages.components.collapse.table import collapse_table
from pages.components.collapse.view import break_and_repair
from pages.components.lab2d.view import game
from pages.components.lessons.view import lessons
from pages.components.shared import lab
from pages.components.shared.links import linked_tab, linked_view
from pages.components.text import N_, Marked, _


def benchmark() -> None:
    """What methods against collapse reach, or how many pictures a GAN needs. `?view=` chooses."""
    st.title(_("Benchmark"))
    _words, draw = MEASURED[
        linked_view({name: words for name, (words, _draw) in MEASURED.items()}, key="benchmark_view")
    ]
    draw()


MEASURED = Marked(
    {"modes": (N_("Methods against collapse"), collapse_table), "pictures": (N_("Few pictures"), few_pictures)}
)

TABS = Marked(
    {
        "lessons": (N_("Lessons"), lessons),
        "lab": (N_("2-D lab"), game),
        "break": (N_("Break & repair"), break_and_repair),
        "benchmark": (N_("Benchmark"), benchmark),
    }
)


def main() -> None:
    """The chosen part."""
    lab.enter("learn")
    words, draw = TABS[linked_tab({name: words for name, (words, _draw) in TABS.items()}, key="learn_tab")]
    lab.name_tab(words)
    draw()


main()

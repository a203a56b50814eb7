"""Which runs are compared: a list kept in the address as `?runs=a,b`, and pairs that make sense for whoever has none yet."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from gan_core import datasets
from gan_core.analysis import comparing
from gan_core.analysis.comparing import MAX_RUNS, Compared
from gan_core.config import RunConfig
from gan_core.runs import Run
from pages.components.text import _, as_text, called, listed, ngettext

SUGGESTED = 4
MAX_COMPARED = 100  # newest runs: all pairs of them are counted


def choose_runs(runs: dict[str, Run]) -> list[Run]:
    """Some of the runs (id -> run), in the order chosen; what the address names and is not there is said."""
    named = [part for part in st.query_params.get("runs", "").split(",") if part]
    unknown = [run_id for run_id in named if run_id not in runs]
    if unknown:
        names = as_text(listed(name[:64] for name in unknown[:3]))
        st.warning(_("Not here, and left out: {names}.").format(names=names), icon=":material/warning:")
    first = list(dict.fromkeys(run_id for run_id in named if run_id in runs))[:MAX_RUNS]
    titles = dict(zip(runs, names_of(list(runs.values())), strict=True))
    st.session_state.setdefault("compare_runs", first)
    chosen = st.multiselect(
        _("Runs"), list(runs), key="compare_runs", format_func=titles.__getitem__, max_selections=MAX_RUNS,
        placeholder=_("Choose two or more"),
    )  # fmt: skip
    if chosen:
        st.query_params["runs"] = ",".join(chosen)
    elif "runs" in st.query_params:
        del st.query_params["runs"]
    return [runs[run_id] for run_id in chosen]


def names_of(runs: Sequence[Run]) -> list[str]:
    """The runs' names; those of one name are told apart by the ends of their ids."""
    names = [called(run) for run in runs]
    shared = {name for name, count in Counter(names).items() if count > 1}
    titles = [f"{name} ({run.id[-4:]})" if name in shared else name for name, run in zip(names, runs, strict=True)]
    repeated = {title for title, count in Counter(titles).items() if count > 1}
    return [
        f"{called(run)} ({run.id})" if title in repeated else title for title, run in zip(titles, runs, strict=True)
    ]


def titles_of(runs: Sequence[Compared]) -> list[str]:
    """As `names_of`, of runs that are being compared."""
    return names_of([one.run for one in runs])


def suggestions(runs: dict[str, Run], chosen: Sequence[Run]) -> None:
    """What to do while fewer than two are chosen, with the pairs that are most alike as buttons."""
    st.info(_("Choose one more run.") if chosen else _("Choose at least two runs above."), icon=":material/info:")
    count, pairs = most_similar(list(runs.values()), chosen)
    if not pairs:
        return
    words = ngettext(
        "Or begin with a pair of the same data that differs in {n} setting:",
        "Or begin with a pair of the same data that differs in {n} settings, fewer than any other:",
        count,
    )
    st.caption(words.format(n=count))
    for left, right in pairs[:SUGGESTED]:
        st.button(
            _("{left} and {right}").format(left=as_text(left.name), right=as_text(right.name)),
            key=f"compare_pair_{left.id}_{right.id}", on_click=choose_pair, args=((left.id, right.id),),
        )  # fmt: skip


def most_similar(runs: Sequence[Run], chosen: Sequence[Run]) -> tuple[int, list[tuple[Run, Run]]]:
    """In how many settings the most alike pairs of one data set and size differ, and these pairs; with the chosen run, if any."""
    groups: dict[tuple[str, str, tuple[int, ...]], list[tuple[Run, RunConfig, int]]] = {}
    for run in runs[:MAX_COMPARED]:
        try:
            config = run.config()
            key = (config.dataset.name, config.dataset.root, datasets.image_shape(config.dataset))
        except ValueError:
            continue
        groups.setdefault(key, []).append((run, config, run.status().total_steps))
    found: dict[int, list[tuple[Run, Run]]] = {}
    for group in groups.values():
        _runs, configs, steps = zip(*group, strict=True)
        for (i, j), count in comparing.distances(configs, steps).items():
            pair = group[i][0], group[j][0]
            if not chosen or chosen[0] in pair:
                found.setdefault(count, []).append(pair)
    fewest = min((count for count in found if count), default=0)
    return fewest, found.get(fewest, [])


def choose_pair(run_ids: Sequence[str]) -> None:
    """Chooses these runs."""
    st.session_state["compare_runs"] = list(run_ids)

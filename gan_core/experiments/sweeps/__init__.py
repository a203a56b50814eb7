"""Sweeps: many runs that differ in a few settings, trained one after the other, to find the settings that do best.

A sweep is an Optuna study: a grid (every combination of listed values) or a search (Optuna chooses within ranges). Its
trials are ordinary runs in the runs folder. The doctor watches each: one that fails is stopped and its trial pruned.

    plan.py        what is varied, from what, for what objective; parsing.py: the same from a file or typed words
    templates.py   sweeps to begin with
    objectives.py  the number that a finished run is judged by
    study.py       the Optuna study: who works on which trial, on one machine or several; storage.py: where it is stored;
                   sampler.py: the values of a trial
    loop.py        take a trial, make its run, see it through (here or in the server's queue), measure its objective
    folder.py      `.sweeps/ID/` in the runs folder; worker.py: the process that a page starts
    table.py, figures.py   trials as a table and as Optuna's pictures

Loads neither torch nor Optuna until a sweep is opened.
"""

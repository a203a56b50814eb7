"""Sweeps: many runs that differ in a few settings, trained one after the other, to find the settings that do best.

A sweep is an Optuna study: a grid (every combination of listed values) or a search (Optuna chooses within ranges). Its
trials are ordinary runs in the runs folder. The doctor watches each: one that fails is stopped and its trial pruned.

    plan.py      what is varied, from what, for what aim; reading.py: the same from a file or typed words
    aims.py      the number that a finished run is judged by
    book.py      the Optuna study: who works on which trial, on one machine or several; keeping.py: where it is stored;
                 choosing.py: the values of a trial
    working.py   the loop: take a trial, make its run, see it through (here or in the server's queue), judge it
    home.py      `.sweeps/ID/` in the runs folder; worker.py: the task that a page starts
    rows.py, figures.py   trials as a table and as Optuna's pictures

Loads neither torch nor Optuna until a sweep is opened.
"""

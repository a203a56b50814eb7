"""Sweeps: runs that differ in a few settings, trained one after the other, to optimise an objective over those settings.

A sweep is an Optuna study: a grid (every combination of listed values) or a search (Optuna samples within ranges). Its
trials are ordinary runs in the runs folder. The doctor examines each: a failing one is stopped and its trial pruned.

    plan.py        settings, preset and objective; parsing.py: the same from a file or the command line
    templates.py   ready-made sweeps
    objectives.py  the value of a finished run
    study.py       the Optuna study and its trials' workers, on one machine or several; storage.py: where it is stored;
                   sampler.py: the parameters of a trial
    loop.py        claim a trial, train its run (here or in the server's queue), measure its objective
    folder.py      `.sweeps/ID/` in the runs folder; worker.py: the process that a page starts
    table.py, figures.py   trials as a table and as Optuna's pictures

Loads neither torch nor Optuna until a sweep is opened.
"""

"""Imported once by the fork server: everything a trial is likely to use, and nothing of it run.

One BLAS thread here keeps the process free of threads, which do not survive a fork; a trial sets
its own number.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # others may need the core more

# ruff: noqa: F401 - the order is the purpose, and so is importing without using
import lightgbm
import sklearn.discriminant_analysis
import sklearn.dummy
import sklearn.ensemble
import sklearn.linear_model
import sklearn.neighbors
import sklearn.neural_network
import sklearn.svm

import auger_hub.search.evaluate
import auger_hub.search.forecast

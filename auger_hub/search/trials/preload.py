"""Import once what trials are likely to use, for processes that only fork and never run it.

One BLAS thread here keeps the process free of threads, which do not survive a fork; a trial sets
its own number.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # others may need the core more

# ruff: noqa: F401 - the order is the purpose, and so is importing without using
from importlib import import_module

import auger_hub.search.trials.cross_validation
from auger_hub.search.algorithms.registry import all_algorithms

for _algorithm in all_algorithms().values():
    if not _algorithm.is_extra:  # those cost seconds, and not each run has a trial of them
        import_module(_algorithm.module)

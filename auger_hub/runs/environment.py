"""Describe what a run was made with: system, packages, and the bytes of its data.

Kept with the run, so that somebody who makes it once more knows what was different then.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from auger_hub.models.package import LIBRARIES, PACKAGES

_ALSO = ("auger-reconcile", "duckdb", "optuna", "pyarrow", "statsmodels", "xgboost-cpu")
_BLOCK = 1 << 20


def describe_environment(data_path: Path) -> dict[str, Any]:
    """Return the environment of this process, and the data that a run learns from.

    Args:
        data_path: of the stored file.

    Returns:
        `python` and `packages` (name to version, of those that are installed), `system`, `cores`
        that the process may use, and `data` with `bytes` and `sha256`.
    """
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "packages": dict(_versions()),
        "data": _fingerprint(data_path),
    }


def _versions() -> Iterator[tuple[str, str]]:
    for name in sorted((*PACKAGES, *LIBRARIES, *_ALSO)):
        with suppress(PackageNotFoundError):  # of an extra that is not installed
            yield name, version(name)


def _fingerprint(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
        size = file.tell()
    return {"bytes": size, "sha256": digest.hexdigest()}

"""One real hub that all tests of this process share, whatever folder they are in."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from auger_hub.processes import daemon
from auger_hub.settings import MULTI_TENANT, HubSettings


@cache
def start_shared_hub(cluster_mode: str = MULTI_TENANT) -> HubSettings:
    """Start the hub of this test run, once for each mode; it ends with the run."""
    folder = Path(tempfile.mkdtemp(prefix="auger-hub-"))
    settings = HubSettings(home=folder / "hub", cluster_mode=cluster_mode)
    daemon.start(settings)

    def end() -> None:
        daemon.stop(settings)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return settings

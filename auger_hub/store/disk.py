"""Check how much room the disk of the hub has left, before there is none."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from auger_hub.settings import HubSettings

_MEGABYTE = 1024**2
_LEAST_BYTES = 32 * _MEGABYTE
"""Below it writing is about to fail, with status 507."""


@dataclass(frozen=True)
class Disk:
    """The disk of the home folder, in bytes.

    Attributes:
        total: how large it is.
        free: what the hub may still use of it.
        alarm: from what on downwards there is too little.
    """

    total: int
    free: int
    alarm: int

    @property
    def is_low(self) -> bool:
        """Whether somebody should make room."""
        return self.free < self.alarm

    @property
    def is_full(self) -> bool:
        """Whether the next write may fail."""
        return self.free < _LEAST_BYTES

    def describe(self) -> str:
        """Say how much is left."""
        return f"{self.free // _MEGABYTE} MB of {self.total // _MEGABYTE} MB are free"


def look_at_disk(settings: HubSettings) -> Disk:
    """Return the state of the disk that the home folder is on."""
    usage = shutil.disk_usage(settings.home)
    return Disk(usage.total, usage.free, settings.disk_alarm_mb * _MEGABYTE)

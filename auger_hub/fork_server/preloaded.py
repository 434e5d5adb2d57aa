"""Check whether this process has all imported and run nothing: its own forks are good, too."""

from __future__ import annotations

import threading

_is_preloaded = False


def mark_preloaded() -> None:
    """Say that this process was forked by the fork server."""
    global _is_preloaded  # noqa: PLW0603 - what kind of process this is, known once
    _is_preloaded = True


def can_fork() -> bool:
    """Tell whether a fork of this process would work; only one with a single thread has such."""
    return _is_preloaded and threading.active_count() == 1

"""Turn Ctrl-C, SIGTERM and SIGHUP into an early but orderly end of what a command does."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from auger_reconcile.cli.exit_code import ExitCode

FINISHING = "Finishing what has begun; Ctrl-C again ends it at once."
SHOW_CURSOR = b"\x1b[?25h"
ENDING = [  # of a terminal, of `docker stop` and of what cancels a job; Windows knows the first two
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextmanager
def stopping_on_signal(
    stop: threading.Event, note: Callable[[str], None], summary: Callable[[], str] = str
) -> Iterator[None]:
    """Let the first signal end the work early, and the second one at once.

    Args:
        stop: set by the first signal.
        note: shows a line that says so.
        summary: returns what is said at the second one.
    """

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            _end_at_once(summary())
        stop.set()
        with suppress(OSError):
            note(FINISHING)

    with _handling(interrupt):
        yield


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Let every signal that asks for an end raise KeyboardInterrupt, as Ctrl-C does.

    SIGTERM alone would end this process, and leave behind the one that it waits for.
    """
    with _handling(signal.default_int_handler):
        yield


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals
        return
    before = {
        number: signal.signal(number, handler)
        for number in ENDING
        if signal.getsignal(number) is not signal.SIG_IGN  # `nohup` asks to outlive its terminal
    }
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def _end_at_once(summary: str) -> None:
    """End the process now, with the terminal as it was found.

    The stream may be in the middle of a line of this very thread: it is written past it.
    """
    with suppress(OSError):
        if sys.stderr.isatty():
            os.write(2, SHOW_CURSOR)
        os.write(2, f"\n{summary}".encode() if summary else b"")
    with suppress(Exception):  # a stream that nobody reads, or that this thread was writing to
        sys.stdout.flush()
    os._exit(ExitCode.INTERRUPTED)

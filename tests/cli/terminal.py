"""A user at a terminal: `auger` in a process of its own, with a pseudo-terminal for its streams."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType

PATIENCE = 120.0  # seconds: a busy machine takes its time, and only what hangs waits for all of it
CTRL_C = "\x03"
CTRL_D = "\x04"
# Makes its streams the controlling terminal, so that Ctrl-C is a signal, and becomes the command.
LAUNCHER = (
    "import fcntl, os, signal, sys, termios;"
    "signal.signal(signal.SIGINT, signal.SIG_DFL);"  # who runs tests in the background ignores it
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """Runs one command and talks to it; what it shows is kept in `screen`."""

    def __init__(self, *arguments: str, before: Sequence[str] = ()) -> None:
        self._ours, theirs = pty.openpty()
        self.screen = ""
        command = [*before, sys.executable, "-m", "auger_reconcile", *arguments]
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def type(self, text: str) -> None:
        """Type what a person would."""
        os.write(self._ours, text.encode())

    def wait_for(self, text: str) -> None:
        """Read until a text is on the screen."""
        self._read_until(lambda: text in self.screen)

    def wait_for_end(self, pressing: str = "") -> int:
        """Read until the command has ended; return its exit code.

        A key that was pressed right before the command began to read may be lost: as a person
        would, this presses it again.
        """
        pressed = time.monotonic()

        def has_ended() -> bool:
            nonlocal pressed
            if pressing and time.monotonic() > pressed + 2:
                pressed = time.monotonic()
                self.type(pressing)
            return self.process.poll() is not None

        self._read_until(has_ended)
        self._read(0.1)
        return self.process.wait()

    def _read_until(self, is_done: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not is_done():
            assert time.monotonic() < end, f"waited in vain; the screen:\n{self.screen}"
            self._read(0.05)

    def _read(self, seconds: float) -> None:
        with suppress(OSError):  # the other end is closed
            while select.select([self._ours], [], [], seconds)[0]:
                self.screen += os.read(self._ours, 65536).decode(errors="replace")

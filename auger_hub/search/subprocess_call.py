"""Work in a process of its own: the learning stack is not even loaded in the run's process.

A fork server (`multiprocessing`'s own) imports the stack once, in `warm`, and never runs it: OpenMP
does not survive a fork. Whatever touches data is a fork of it, starts within milliseconds, and can
be killed. A run that is itself a fork of a process with the stack imported needs no such server,
while it has one thread.
Where there is no fork server (Windows), each starts a fresh process.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import Any, TypeVar

T = TypeVar("T")
METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
POLL_SECONDS = 0.1
_is_clean = False


class Apart:
    """One function call in its own process. `receiver` is ready when it has ended, either way."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        warm_up()  # also in a run that has more than one thread by now, and did not need it before
        context = multiprocessing.get_context(_method())
        self.receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(  # type: ignore[attr-defined]  # every context has one
            target=_run, args=(sender, function, args), daemon=True
        )
        self._process.start()
        sender.close()

    def take(self) -> Any:
        """Wait for the end and return the result, or raise what the function raised.

        Raises:
            ProcessDied: the process ended without a word.
        """
        try:
            result, error = self.receiver.recv()
        except (EOFError, OSError):
            self._process.join()
            raise ProcessDied(self._process.exitcode) from None
        finally:
            self.kill()
        if error is not None:
            raise error
        return result

    def kill(self) -> None:
        """End the process now."""
        self._process.kill()
        self._process.join()
        self.receiver.close()


class ProcessDied(Exception):
    """A process ended without a result; `exit_code` is negative for a signal."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"the process ended with exit code {exit_code}")
        self.exit_code = exit_code


def fork_from_here() -> None:
    """Say that this process has the stack imported and will never run it: its forks are warm."""
    global _is_clean  # noqa: PLW0603 - what kind of process this is, known once
    _is_clean = True


def warm_up() -> None:
    """Start the fork server now, so that it imports while the caller does other things."""
    if _method() == "forkserver":
        from multiprocessing import forkserver

        multiprocessing.set_forkserver_preload(["auger_hub.search.preload"])
        forkserver.ensure_running()


def call_apart(
    function: Callable[..., T], *args: Any, is_over: Callable[[], bool] = lambda: False
) -> T | None:
    """Return what the function returns in its own process; None when it is over before."""
    call = Apart(function, *args)
    try:
        while not call.receiver.poll(POLL_SECONDS):
            if is_over():
                return None
        result: T = call.take()
        return result
    finally:
        call.kill()


def _method() -> str:
    """Return how to start; only a process with one thread can be forked."""
    return "fork" if _is_clean and threading.active_count() == 1 else METHOD


def _run(sender: Connection, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    _end_with_parent()
    answer: tuple[Any, Exception | None]
    try:
        answer = (function(*args), None)
    except Exception as error:  # noqa: BLE001 - it is raised again where the call was made
        answer = (None, error)
    sender.send(answer)
    sender.close()


def _end_with_parent() -> None:
    """End this process when the one that asked for it is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

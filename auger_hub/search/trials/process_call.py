"""Call a function in a process of its own: the learning stack is not run in the run's process.

A process that is itself a fork of the fork server, and has one thread, forks again. Any other has
a fork server of its own, which imports the stack once and never runs it: OpenMP does not survive a
fork. Either way a call starts within milliseconds, and can be killed. Where there is no fork
(Windows), each call starts a fresh process.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar

from auger_hub.fork_server.client import IS_ABLE, ForkServer, Running, end
from auger_hub.fork_server.preloaded import can_fork

T = TypeVar("T")
POLL_SECONDS = 0.1
PRELOADED = ("auger_hub.search.trials.preload",)
_START_SECONDS = 120.0
_server = ForkServer(PRELOADED)
atexit.register(_server.close)


class ProcessCall:
    """One function call in its own process. `receiver` is ready when it has ended, either way."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self._process: _CallProcess
        if IS_ABLE and not can_fork():
            self._process = _ServerProcess(function, args)
        else:
            self._process = _OwnProcess(function, args)
        self.receiver = self._process.receiver

    def take(self) -> Any:
        """Wait for the end and return the result, or raise what the function raised.

        Raises:
            ProcessDied: the process ended without a word.
        """
        try:
            answer = self.receive()
            while isinstance(answer, Part):
                answer = self.receive()
        finally:
            self.kill()
        return answer

    def receive(self) -> Any:
        """Wait for what comes next: a `Part` of the result, or the result; see `take`."""
        try:
            result, error = self.receiver.recv()
        except (EOFError, OSError):
            raise ProcessDied(self._process.exit_code()) from None
        if error is not None:
            raise error
        return result

    def kill(self) -> None:
        """End the process now."""
        self._process.kill()
        self.receiver.close()

    def pause(self) -> None:
        """Let the process stand still, where the system can."""
        self._process.signal("SIGSTOP")

    def resume(self) -> None:
        """Let it go on."""
        self._process.signal("SIGCONT")


@dataclass(frozen=True)
class Part:
    """What a called generator yielded; it returns its result as usual."""

    value: Any


class _CallProcess(Protocol):
    receiver: Connection

    def exit_code(self) -> int | None: ...

    def kill(self) -> None: ...

    def signal(self, name: str) -> None: ...


class _OwnProcess:
    """A child that `multiprocessing` makes: a fork of this process, or a fresh one."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        context = multiprocessing.get_context("fork" if IS_ABLE else "spawn")
        self.receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(  # type: ignore[attr-defined]  # every context has one
            target=_call_and_end, args=(sender, function, args), daemon=True
        )
        self._process.start()
        sender.close()

    def exit_code(self) -> int | None:
        self._process.join()
        code: int | None = self._process.exitcode
        return code

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    def signal(self, name: str) -> None:
        if self._process.is_alive():
            _signal(self._process.pid, name)


class _ServerProcess:
    """A fork of the fork server; it is sent what to call, and ends when we do."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        _server.keep(is_expected=True)
        _server.wait(_START_SECONDS)
        question, self._lifeline = multiprocessing.Pipe(duplex=False)
        self.receiver, answer = multiprocessing.Pipe(duplex=False)
        with (
            question,
            answer,
            open(question.fileno(), "rb", closefd=False) as stdin,
            open(answer.fileno(), "wb", closefd=False) as stdout,
            open(2, "wb", closefd=False) as stderr,
        ):
            self._process: Running = _server.start(
                "auger_hub.search.trials", stdin=stdin, stdout=stdout, stderr=stderr
            )
        self._lifeline.send((function, args))

    def exit_code(self) -> int | None:
        return _server.exit_code(self._process)

    def kill(self) -> None:
        end(self._process)
        self._lifeline.close()

    def signal(self, name: str) -> None:
        _signal(self._process.pid, name)


def _signal(pid: int | None, name: str) -> None:
    number = getattr(signal, name, None)  # Windows has none of them
    if pid is not None and number is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


class ProcessDied(Exception):
    """A process ended without a result; `exit_code` is negative for a signal."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"the process ended with exit code {exit_code}")
        self.exit_code = exit_code


def prepare_calls() -> None:
    """Start what calls need now, so that it imports while the caller does other things."""
    if not can_fork():
        _server.keep(is_expected=True)


def call_in_process(
    function: Callable[..., T], *args: Any, is_over: Callable[[], bool] = lambda: False
) -> T | None:
    """Return what the function returns in its own process; None when it is over before."""
    call = ProcessCall(function, *args)
    try:
        while not call.receiver.poll(POLL_SECONDS):
            if is_over():
                return None
        result: T = call.take()
        return result
    finally:
        call.kill()


def answer_call() -> None:
    """Do in this process what comes on the standard input; what it prints goes to the log."""
    question = Connection(os.dup(0), writable=False)
    answer = Connection(os.dup(1), readable=False)
    os.dup2(2, 1)
    function, args = question.recv()
    _end_with(question)
    _call(answer, function, args)


def _call_and_end(sender: Connection, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        _end_with(parent.sentinel)
    _call(sender, function, args)


def _call(sender: Connection, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    answer: tuple[Any, Exception | None]
    try:
        result = function(*args)
        if isinstance(result, Generator):
            result = _send_parts(sender, result)
        answer = (result, None)
    except Exception as error:  # noqa: BLE001 - it is raised again where the call was made
        answer = (None, error)
    sender.send(answer)
    sender.close()


def _send_parts(sender: Connection, parts: Generator[Any, None, Any]) -> Any:
    """Send what the generator yields as it comes; return what it returns."""
    result: Any = None

    def yielded() -> Iterator[Any]:
        nonlocal result
        result = yield from parts

    for part in yielded():
        sender.send((Part(part), None))
    return result


def _end_with(sign: Any) -> None:
    """End this process when the one that asked for it is gone, however it went."""

    def watch() -> None:
        connection.wait([sign])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

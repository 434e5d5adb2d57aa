"""Import what child processes need, run nothing of it, and fork.

    python -m auger_hub.fork_server DESCRIPTOR IMPORTS

The descriptor is a socket, the imports two lists of modules in JSON: those without which nothing
is forked, and those that wait until nothing is to be forked. It says `ready` once; then each line
that comes with the three standard streams of a child is answered with `forked PID`, and when that
child has ended `ended PID CODE` is said. It ends when the socket does.

Libraries that have started threads of their own do not survive a fork: so nothing is run here.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterable
from importlib import import_module

from auger_hub.fork_server.preloaded import mark_preloaded

_STREAMS = 3
_IDLE_SECONDS = 2.0  # without a child to fork, before something is imported that can wait


def main(descriptor: int, imports: list[str], later_imports: list[str]) -> None:
    """Fork until nobody asks any more; a child returns from here when it has done its work."""
    _import(imports)
    ended = _watch_children()
    asking = socket.socket(fileno=descriptor)
    asking.sendall(b"ready\n")
    while True:
        pause = _IDLE_SECONDS if later_imports else None
        ready = select.select([asking, ended], [], [], pause)[0]
        if not ready and later_imports:
            _import([later_imports.pop(0)])
        if ended in ready:
            ended.recv(4096)
            _report_ended(asking)
        if asking not in ready:
            continue
        line, streams = _receive(asking)
        if not line:
            break
        pid = os.fork()
        if pid == 0:
            asking.close()
            ended.close()
            _become(json.loads(line), streams)
            break
        for stream in streams:
            os.close(stream)
        asking.sendall(f"forked {pid}\n".encode())


def _receive(asking: socket.socket) -> tuple[bytes, list[int]]:
    """Return a line and its streams; nothing when whoever asks is gone."""
    try:
        line, streams, _, _ = socket.recv_fds(asking, 4096, _STREAMS)
    except ConnectionError:  # it went with answers unread
        return b"", []
    return line, streams


def _import(names: Iterable[str]) -> None:
    for name in names:
        import_module(name)
    gc.collect()
    gc.freeze()  # the collector would write to memory that is shared with the children


def _watch_children() -> socket.socket:
    """Return a socket that can be read when a child has ended."""
    ended, writing = socket.socketpair()
    writing.settimeout(0)  # as a wakeup descriptor has to be
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writing.detach(), warn_on_full_buffer=False)
    return ended


def _report_ended(asking: socket.socket) -> None:
    with contextlib.suppress(ChildProcessError, OSError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            code = os.waitstatus_to_exitcode(found[1])
            asking.sendall(f"ended {found[0]} {code}\n".encode())


def _become(command: list[str], streams: list[int]) -> None:
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    mark_preloaded()
    sys.argv = command
    _end(_run(command[0]))


def _run(module: str) -> int:
    """Run a module as a program; return its exit code."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)  # noqa: T201 - as an interpreter does
        return 1
    except BaseException:  # noqa: BLE001 - as an interpreter does
        traceback.print_exc()
        return 1
    return 0


def _end(code: int) -> None:
    """End a child as an interpreter does, but for the objects: to free all costs a copy of all."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]), *json.loads(sys.argv[2]))

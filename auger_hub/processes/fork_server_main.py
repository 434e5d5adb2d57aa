"""The process of the nursery: imports what children need, runs nothing of it, and forks.

    python -m auger_hub.processes.fork_server_main DESCRIPTOR

The descriptor is a socket. It is told `ready` once; from then on each line with the three standard
streams of a child is answered with the child's process id. It ends when the socket does.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
from collections.abc import Iterable
from importlib import import_module

from auger_hub.search.subprocess_call import fork_from_here

_STREAMS = 3
_IDLE_SECONDS = 2.0  # without a child to fork, before something is imported that can wait
# Imported, never run: libraries that have started threads of their own do not survive a fork.
_NEEDED = (
    "auger_hub.search.preload",
    "auger_hub.search.run",
    "auger_hub.data.profile",
    "auger_hub.data.read",
    "auger_hub.processes.job_process",
)
# A quarter of the time of all, and of no use before a run has ended.
_NEEDED_LATER = (
    "auger_hub.models.export",
    "auger_hub.models.package",
    "auger_hub.models.predict",
)


def main(descriptor: int) -> None:
    """Fork until the hub is gone; a child returns from here when it has done what it is for."""
    _import(_NEEDED)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    hub = socket.socket(fileno=descriptor)
    hub.sendall(b"ready\n")
    later = list(_NEEDED_LATER)
    while True:
        while later and not select.select([hub], [], [], _IDLE_SECONDS)[0]:
            _import([later.pop(0)])
        line, streams, _, _ = socket.recv_fds(hub, 4096, _STREAMS)
        if not line:
            break
        pid = os.fork()
        if pid == 0:
            hub.close()
            _become(json.loads(line), streams)
            break
        for stream in streams:
            os.close(stream)
        hub.sendall(f"{pid}\n".encode())


def _import(names: Iterable[str]) -> None:
    for name in names:
        import_module(name)
    gc.collect()
    gc.freeze()  # the collector would write to memory that is shared with the children


def _become(command: list[str], streams: list[int]) -> None:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    atexit.register(gc.unfreeze)  # at its end a child clears up all the same
    fork_from_here()
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""Answer the requests at a port, by this process or by several that it watches.

    python -m auger_hub.program.workers DESCRIPTOR PARENT

The latter are started, started again when they die, and ended in order. Each is a member of the
hub as any process on its database is (`background/membership.py`): one of them leads. uvicorn has
a supervisor for workers, too; it is none of its documented interface, which changed its arguments
between 0.50 and 0.52, and it knows nothing of folders or of a parent's end. Its workers share one
listening socket, too, at which asyncio takes all connections that wait: of 16 kept ones, one worker
had 15. Here each listens for itself, and Linux divides the connections among them.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import uvicorn
from filelock import FileLock

from auger_hub.http.connections import BoundedHttp
from auger_hub.hub import Hub, open_hub
from auger_hub.processes.daemon import HubFailed, is_healthy
from auger_hub.program.app import create_app
from auger_hub.settings import HubSettings
from auger_hub.telemetry.log import log_to
from auger_hub.telemetry.metrics import COUNTS
from auger_hub.temporary import use_own_temporary

_GRACE_SECONDS = 3
_DESCRIPTORS, _OTHER_DESCRIPTORS = 4096, 300
_LOOK_SECONDS = 0.2
_START_SECONDS = 120.0
_STOP_SECONDS = 35.0
_SHORT_SECONDS = 10.0
"""A worker that ends within it is started again later and later."""
_LONGEST_PAUSE_SECONDS = 30.0
_DIVIDES = sys.platform == "linux"
"""Whether the system divides connections among those who listen at one port."""
_log = logging.getLogger("auger.hub.serve")


def answer_requests(hub: Hub, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve a hub until SIGTERM or SIGINT; `on_ready` is called when it is about to answer."""
    settings = hub.settings
    _prepare_for_connections()
    config = uvicorn.Config(
        create_app(hub, on_ready=on_ready),
        http=BoundedHttp,
        ws="none",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxy),  # else everybody could claim any address
        forwarded_allow_ips=settings.proxy,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _prepare_for_connections() -> None:
    """Raise the limit of descriptors, and leave enough of them for files and processes."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    connections = BoundedHttp.connections_of_server
    if soft != resource.RLIM_INFINITY:
        connections.most = max(1, min(connections.most, soft - _OTHER_DESCRIPTORS))
    connections.most_of_address = max(1, connections.most * 2 // 3)


class Workers:
    """The processes that answer at one port."""

    def __init__(self, settings: HubSettings, listener: socket.socket, url: str) -> None:
        self._settings, self._url = settings, url
        self._place = _reserve(listener) if _DIVIDES else listener
        self._counts = settings.home / "workers" / "counts"
        self._is_ending = threading.Event()
        self._places = [_Place(number) for number in range(settings.workers)]

    def run(self, announce: Callable[[], None]) -> None:
        """Keep all of them running until SIGTERM or SIGINT; raise HubFailed when none answers."""
        shutil.rmtree(self._counts, ignore_errors=True)  # what those of before have counted
        self._counts.mkdir(parents=True, mode=0o700)
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: self._is_ending.set())
        try:
            for place in self._places:
                self._start(place)
            self._wait_until_one_answers()
            if not self._is_ending.is_set():
                announce()
            while not self._is_ending.wait(_LOOK_SECONDS):
                for place in self._places:
                    self._keep(place)
        finally:
            self._end()

    def _start(self, place: _Place) -> None:
        settings = replace(self._settings, worker=place.number)
        descriptor = self._place.fileno()
        command = [sys.executable, "-m", __name__, str(descriptor), str(os.getpid())]
        place.started_at = time.monotonic()
        place.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            pass_fds=[descriptor],
            start_new_session=True,  # Ctrl-C is for this process, which ends them
            env={**os.environ, **settings.to_environment(), COUNTS: str(self._counts)},
        )

    def _wait_until_one_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not (self._is_ending.is_set() or is_healthy(self._url)):
            if all(place.has_ended for place in self._places) or time.monotonic() > deadline:
                raise HubFailed("no worker answers: what they said before their end is the cause")
            self._is_ending.wait(_LOOK_SECONDS)

    def _keep(self, place: _Place) -> None:
        """Start a worker again that has ended."""
        if not place.has_ended:
            return
        if place.again_at is None:
            assert place.process is not None
            is_short = time.monotonic() - place.started_at < _SHORT_SECONDS
            place.pause = min(2 * place.pause + 1, _LONGEST_PAUSE_SECONDS) if is_short else 0.0
            place.again_at = time.monotonic() + place.pause
            told = "worker %d of the hub has ended by itself (%d), and is started again"
            _log.error(told, place.number + 1, place.process.returncode)
        if time.monotonic() >= place.again_at:
            place.again_at = None
            self._start(place)

    def _end(self) -> None:
        """Ask all to end, and wait until they have."""
        running = [one.process for one in self._places if one.process and not one.has_ended]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        while any(one.poll() is None for one in running) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS / 4)
        for process in running:
            process.kill()
            process.wait()


class _Place:
    """One of so many workers, which has the same folder whenever it is started."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.again_at: float | None = None
        self.pause = 0.0

    @property
    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None


def main(descriptor: int, parent: int) -> None:
    """Be one worker, until SIGTERM or the end of the process that has started it."""
    os.umask(0o077)
    threading.Thread(target=_end_with, args=(parent,), name="parent", daemon=True).start()
    settings = HubSettings.from_environment()
    settings.make_folders()
    log_to(settings.log_path, place=settings.log, form=settings.log_format)
    with FileLock(settings.own_folder / "worker.lock", timeout=_START_SECONDS):
        use_own_temporary(settings)
        hub, place = open_hub(settings), socket.socket(fileno=descriptor)
        answer_requests(hub, _listen_beside(place) if _DIVIDES else place, lambda: None)


def _reserve(listener: socket.socket) -> socket.socket:
    """Return a socket that keeps the port, and lets others beside it listen; end the listener.

    It was first one that suffers no other: no second hub shares the port.
    """
    place = _beside(listener)
    address = listener.getsockname()
    listener.close()
    place.bind(address)
    return place


def _listen_beside(place: socket.socket) -> socket.socket:
    listener = _beside(place)
    listener.bind(place.getsockname())
    listener.listen(1024)
    return listener


def _beside(other: socket.socket) -> socket.socket:
    # asyncio sets TCP_NODELAY on sockets that name their protocol only
    made = socket.socket(other.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return made


def _end_with(parent: int) -> None:
    """End in order when the parent is gone: nobody else would."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

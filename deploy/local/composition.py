"""Start what deploy/compose.yml says as processes of this machine, without Docker.

PostgreSQL, a store that speaks S3, a Dask scheduler with two workers, and two hubs. What ends is
started again after a second, as `restart: unless-stopped` has it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psutil

from deploy.local.network import Network

HERE = "127.0.0.1"
HUBS = ("hub-a", "hub-b")
WORKERS = ("worker-1", "worker-2")
_MARK = "AUGER_COMPOSITION"
_RESTART_SECONDS = 1.0
_READY_SECONDS = 120.0
_STOP_SECONDS = 40.0
_ROOT = Path(__file__).parents[2]


class CannotCompose(Exception):
    """Something is missing here; the text says what."""


@dataclass
class Part:
    """A process of the composition.

    Attributes:
        is_ready: asked until it is true, before what needs this part is started.
        is_wanted: whether it is started again when it has ended, not before `not_before`.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    is_ready: Callable[[], bool]
    user: str | None = None
    last_signal: int = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    is_wanted: bool = False
    not_before: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_alive(self) -> bool:
        """Tell whether its process runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """Return the id of its process."""
        assert self.process is not None, f"{self.name} has never been started"
        return self.process.pid

    def start(self, log: Path) -> None:
        """Start its process unless it runs."""
        with self.lock:
            self.is_wanted = True
            if self.is_alive:
                return
            with log.open("ab") as file:
                self.process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    start_new_session=True,
                    cwd="/" if self.user else _ROOT,
                    env=self.environment,
                    user=self.user,
                )

    def kill(self, *, seconds: float = 0.0, is_alone: bool = False) -> None:
        """Kill -9 the process, and unless it alone what it has started; it stays away so long."""
        with self.lock:
            self.not_before = time.monotonic() + seconds
            assert self.process is not None
            family = [psutil.Process(self.pid)]
            if not is_alone:
                family += family[0].children(recursive=True)
            for one in family:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            self.process.wait()

    def end(self, *, for_good: bool = True) -> None:
        """Ask the process to end, and wait for that; it is started again unless for good."""
        self.is_wanted = not for_good
        with self.lock:
            if self.process is None or not self.is_alive:
                return
            self.process.send_signal(self.last_signal)
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Composition:
    """All parts, in a folder of their own that goes with them.

    Args:
        small_home: a hub whose home is on a disk of 256 MB of its own, where that is possible.

    Raises:
        CannotCompose: a program or package is missing.
    """

    def __init__(self, small_home: str | None = None) -> None:
        programs = _find_programs()
        is_root = os.name == "posix" and os.geteuid() == 0
        self.folder = Path(tempfile.mkdtemp(prefix="auger-composition-", dir="/tmp"))
        self.folder.chmod(0o711)  # PostgreSQL refuses to be root, and has a folder in this one
        (self.folder / "logs").mkdir()
        self._password = secrets.token_hex(16)
        self._ports = _free_ports(5)
        self._has_started = False
        self._is_over = threading.Event()
        self.network: Network | None = None
        self.parts: dict[str, Part] = {}
        self._mounts: list[Path] = []
        try:
            self.network = Network(self.folder) if Network.is_possible() else None
            self._add_database(programs, "postgres" if is_root else None)
            self._add_store()
            self._add_dask()
            if small_home is not None and is_root:
                self._mount_small(self.home(small_home))
            for name, port in zip(HUBS, self._ports[2:4], strict=True):
                self._add_hub(name, port)
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start each part as soon as what it needs is ready; raise CannotCompose when one isn't."""
        for group in (("database", "store", "scheduler"), WORKERS, HUBS[:1], HUBS[1:]):
            for name in group:
                self.parts[name].start(self.log(name))
            for name in group:
                self.wait(name)
            if "database" in group:
                self._make_database()
        self._has_started = True
        threading.Thread(target=self._restart, name="restart", daemon=True).start()

    def wait(self, name: str, seconds: float = _READY_SECONDS) -> None:
        """Wait until a part is ready; raise CannotCompose when it takes too long."""
        part, deadline = self.parts[name], time.monotonic() + seconds
        while not (part.is_alive and part.is_ready()):
            if time.monotonic() > deadline or not (part.is_alive or self._has_started):
                lines = self.log(name).read_text(errors="replace").strip().splitlines()
                last = f": {lines[-1]}" if lines else ""
                raise CannotCompose(f"{name} does not become ready{last}")
            time.sleep(0.1)

    def log(self, name: str) -> Path:
        """Return where a part says what it does."""
        return self.folder / "logs" / f"{name}.log"

    def home(self, hub: str) -> Path:
        """Return the home folder of a hub."""
        return self.folder / hub

    def url(self, hub: str) -> str:
        """Return the address of a hub."""
        return f"http://{HERE}:{self._ports[2 + HUBS.index(hub)]}"

    @property
    def addresses(self) -> dict[str, str]:
        """Return where each part listens."""
        database, store = self._ports[:2]
        return {
            **{name: self.url(name) for name in HUBS},
            "database": f"postgresql://hub@{HERE}:{database}/hub",
            "store": f"http://{HERE}:{store}, bucket hub",
            "scheduler": self._scheduler,
        }

    def cut(self, name: str, *, is_cut: bool = True) -> None:
        """Cut a part off from all others, or connect it again.

        Where there is no network of its own it is stopped, which looks the same from outside.
        """
        if self.network is not None:
            self.network.cut(name, is_cut=is_cut)
            return
        process = psutil.Process(self.parts[name].pid)
        process.suspend() if is_cut else process.resume()

    def close(self) -> None:
        """End all processes, and remove namespaces and folder."""
        self._is_over.set()
        for name in reversed(self.parts):
            self.parts[name].end()
        for process in self._left():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if self.network is not None:
            self.network.remove()
        for place in self._mounts:
            subprocess.run(["umount", "--lazy", place], capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def has_small_home(self) -> bool:
        """Tell whether a hub has a disk of its own."""
        return bool(self._mounts)

    def environment(self, name: str) -> dict[str, str]:
        """Return the environment of a part, for commands that are to mean the same."""
        return dict(self.parts[name].environment)

    def _mount_small(self, home: Path) -> None:
        home.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=256m,mode=0700", "none", str(home)]
        if subprocess.run(mount, capture_output=True, check=False).returncode == 0:
            self._mounts.append(home)

    def _restart(self) -> None:
        while not self._is_over.wait(_RESTART_SECONDS / 2):
            for name, part in self.parts.items():
                if not part.is_wanted or part.is_alive:
                    continue
                part.not_before = part.not_before or time.monotonic() + _RESTART_SECONDS
                if time.monotonic() >= part.not_before:
                    part.not_before = 0.0
                    part.start(self.log(name))

    def _left(self) -> Iterator[psutil.Process]:
        """Find what still runs of this composition."""
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get(_MARK) == str(self.folder):
                    yield process

    def _environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a part: nothing of auger and of stores is taken over."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AUGER", "AWS_", "DASK_", "PG"))
        }
        return {**kept, _MARK: str(self.folder), "PYTHONUNBUFFERED": "1", **more}

    def _add(self, name: str, command: list[str], is_ready: Callable[[], bool]) -> None:
        self.parts[name] = Part(name, command, self._environment(), is_ready)

    def _add_database(self, programs: Path, user: str | None) -> None:
        port, data = self._ports[0], self.folder / "database" / "data"
        data.parent.mkdir()
        password = data.parent / "password"
        password.write_text(self._password)
        if user:
            for path in (data.parent, password):
                shutil.chown(path, user)
        options = ["-D", str(data), "-U", "hub", "-A", "scram-sha-256", "-E", "UTF8", "--no-sync"]
        made = subprocess.run(
            [programs / "initdb", *options, f"--pwfile={password}"],
            cwd="/",
            user=user,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise CannotCompose(f"initdb failed: {made.stderr.strip()}")
        listen = ["-c", f"listen_addresses={HERE}", "-c", "unix_socket_directories="]
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), *listen]
        ask = [str(programs / "pg_isready"), "-q", "-h", HERE, "-p", str(port)]
        self._add("database", command, lambda: subprocess.call(ask) == 0)
        self.parts["database"].user = user
        self.parts["database"].last_signal = signal.SIGINT  # without waiting for who is connected

    def _make_database(self) -> None:
        import psycopg

        place = f"postgresql://hub:{self._password}@{HERE}:{self._ports[0]}/postgres"
        with closing(psycopg.connect(place, autocommit=True)) as connection:
            connection.execute("CREATE DATABASE hub")

    def _add_store(self) -> None:
        port = self._ports[1]
        place = ["--folder", str(self.folder / "store"), "--port", str(port), "--bucket", "hub"]
        command = [sys.executable, "-m", "deploy.local.s3_server", *place]
        self._add("store", command, lambda: _listens(HERE, port))

    def _add_dask(self) -> None:
        network, port = self.network, 8786 if self.network else self._ports[4]
        addresses = {
            name: network.add(name) if network else HERE for name in ("scheduler", *WORKERS)
        }
        address = addresses["scheduler"]
        self._scheduler = f"tcp://{address}:{port}"
        dask = [sys.executable, "-m", "dask"]
        commands = {
            "scheduler": [*dask, "scheduler", "--host", address, "--port", str(port)],
            **{
                name: [*dask, "worker", self._scheduler, "--nthreads", "1", "--host", own]
                for name, own in addresses.items()
                if name != "scheduler"
            },
        }
        for name, command in commands.items():
            whole = [*command, "--no-dashboard"]
            if name in WORKERS:
                whole += ["--local-directory", str(self.folder / f"of-{name}")]
            if network:
                whole = network.inside(name, whole)
            is_ready = (lambda: _listens(address, port)) if name == "scheduler" else (lambda: True)
            self._add(name, whole, is_ready)

    def _add_hub(self, name: str, port: int) -> None:
        command = [sys.executable, "-m", "auger_hub", "serve", "--host", HERE, "--port", str(port)]
        self.parts[name] = Part(
            name,
            [*command, "--sources", "public"],
            self._environment(
                AUGER_HUB_HOME=str(self.home(name)),
                AUGER_HUB_DATABASE=f"postgresql://hub:{self._password}@{HERE}:{self._ports[0]}/hub",
                AUGER_HUB_STORAGE="s3://hub/files",
                AUGER_HUB_SCHEDULER=self._scheduler,
                AUGER_HUB_LOG="stdout",
                AWS_ENDPOINT_URL=f"http://{HERE}:{self._ports[1]}",
                AWS_ACCESS_KEY_ID="hub",
                AWS_SECRET_ACCESS_KEY=self._password,
                AWS_ALLOW_HTTP="true",
            ),
            lambda: ask_ready(self.url(name)),
        )


@contextmanager
def compose(small_home: str | None = None) -> Iterator[Composition]:
    """Start a composition; it is gone at the end, whatever happens."""
    composition = Composition(small_home)
    try:
        composition.start()
        yield composition
    finally:
        composition.close()


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Look ten times a second until the condition holds; return whether it did in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def ask_ready(url: str) -> bool:
    """Return whether a hub says that it can work."""
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=5) as answer:
            return bool(json.load(answer) and answer.status == 200)
    except OSError:
        return False


def _find_programs() -> Path:
    """Return the folder of PostgreSQL's programs."""
    missing = [name for name in ("moto", "psycopg", "obstore") if find_spec(name) is None]
    if missing:
        raise CannotCompose(f"{', '.join(missing)} is not installed: pip install '.[all]'")
    found = shutil.which("initdb")
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name)
    if found is None and not places:
        raise CannotCompose("PostgreSQL is not installed: its `initdb` is not on the PATH")
    return Path(found).resolve().parent if found else places[-1]


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False


def _free_ports(count: int) -> list[int]:
    """Return ports that nobody has."""
    sockets = [socket.create_server((HERE, 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports

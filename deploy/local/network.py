"""Give processes hosts of their own: a network namespace each, on one bridge, without our disk.

Linux alone, and root. A host can be cut off and connected again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

_HIDE = 'mount -t tmpfs -o mode=0700 none "$0" && cd "$0" && exec "$@"'


class Network:
    """A bridge of this machine, and hosts on it.

    Args:
        hidden: a folder that the hosts see empty.
    """

    def __init__(self, hidden: Path) -> None:
        self._hidden = hidden
        self._name = f"ag{os.getpid()}"
        self._hosts: dict[str, str] = {}
        self._subnet = _free_subnet()
        _remove_left()
        _ip("link", "add", f"{self._name}b", "type", "bridge")
        _ip("addr", "add", f"{self._subnet}.1/24", "dev", f"{self._name}b")
        _ip("link", "set", f"{self._name}b", "up")

    @staticmethod
    def is_possible() -> bool:
        """Tell whether this user may make namespaces here."""
        if os.name != "posix" or os.geteuid() != 0 or shutil.which("ip") is None:
            return False
        name = f"auger-{os.getpid()}-try"
        may = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
        if may.returncode != 0:
            return False
        link = ["ip", "link", "add", f"ag{os.getpid()}b", "type", "bridge"]
        may = subprocess.run(link, capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        subprocess.run(["ip", "link", "del", f"ag{os.getpid()}b"], capture_output=True, check=False)
        return may.returncode == 0

    def add(self, name: str) -> str:
        """Make a host; return its address."""
        number = len(self._hosts) + 2
        space, link = f"auger-{os.getpid()}-{number}", f"{self._name}v{number}"
        self._hosts[name] = space
        address = f"{self._subnet}.{number}"
        _ip("netns", "add", space)
        _ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("link", "set", link, "master", f"{self._name}b", "up")
        for command in (
            ("addr", "add", f"{address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-n", space, *command)
        return address

    def inside(self, name: str, command: list[str]) -> list[str]:
        """Return the command that runs another one at a host."""
        enter = ["ip", "netns", "exec", self._hosts[name]]
        return [*enter, "sh", "-c", _HIDE, str(self._hidden), *command]

    def cut(self, name: str, *, is_cut: bool = True) -> None:
        """Cut a host off, or connect it again: nothing arrives, and nobody is told."""
        number = self._hosts[name].rpartition("-")[2]
        _ip("link", "set", f"{self._name}v{number}", "down" if is_cut else "up")

    def remove(self) -> None:
        """Remove hosts and bridge; their processes have ended."""
        for space in self._hosts.values():
            subprocess.run(["ip", "netns", "del", space], capture_output=True, check=False)
        bridge = ["ip", "link", "del", f"{self._name}b"]
        subprocess.run(bridge, capture_output=True, check=False)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _free_subnet() -> str:
    """Return the first three numbers of a net nobody has: of 198.18.0.0/15, which is for trials."""
    routes = subprocess.run(["ip", "route"], check=True, capture_output=True, text=True).stdout
    numbers = (f"198.18.{number}" for number in range(1, 255))
    return next(subnet for subnet in numbers if f"{subnet}." not in routes)


def _remove_left() -> None:
    """Remove what processes that were killed have left."""
    told = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True)
    for line in told.stdout.splitlines():
        space = line.split()[0]
        number = space.removeprefix("auger-").partition("-")[0]
        if space.startswith("auger-") and not Path(f"/proc/{number}").exists():
            subprocess.run(["ip", "netns", "del", space], capture_output=True, check=False)
            bridge = ["ip", "link", "del", f"ag{number}b"]
            subprocess.run(bridge, capture_output=True, check=False)

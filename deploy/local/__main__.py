"""`make compose-local`: run what deploy/compose.yml says, without Docker, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

from deploy.local.composition import HUBS, CannotCompose, compose

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Asked(BaseException):
    """Somebody wants the end."""


def end(_number: int, _frame: FrameType | None) -> NoReturn:
    """End in order, once: another Ctrl-C does not cut that short."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise Asked


def main() -> int:
    """Start all parts, tell where they are, and end them when asked to."""
    for number in _SIGNALS:
        signal.signal(number, end)
    print("Starting PostgreSQL, a store that speaks S3, Dask and two hubs ...", flush=True)
    try:
        with compose() as composition:
            for name, address in composition.addresses.items():
                print(f"  {name:10} {address}")
            if composition.network is None:
                print("The workers are on this host and its disk: namespaces need root on Linux.")
            else:
                print("Scheduler and workers are in network namespaces, without this disk.")
            print(f"Logs are in {composition.folder / 'logs'}. Use the first hub by")
            print(f"  export AUGER_CREDENTIALS_PATH={composition.home(HUBS[0])}")
            print("Ctrl-C ends all of it, and removes what it holds.", flush=True)
            while True:
                signal.pause()
    except Asked:
        print("\nAll of it has ended.")
    except CannotCompose as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

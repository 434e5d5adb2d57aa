"""`make drill`: break a composition under load, and exit with 0 when nothing was lost.

python -m deploy.drill [--quick] [--logs FOLDER]
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from pathlib import Path

from deploy.drill.drill import Drill, StepFailed
from deploy.local.__main__ import Asked, end
from deploy.local.composition import HUBS, CannotCompose, compose


def main() -> int:
    """Do the drill."""
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="cut the scheduler for 20 s only")
    parser.add_argument("--logs", type=Path, help="where the logs of all parts are kept")
    told = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    began = time.monotonic()
    is_good = False
    try:
        with compose(small_home=HUBS[1]) as composition:
            print(f"ok     {time.monotonic() - began:5.1f} s  all parts have started", flush=True)
            try:
                is_good = Drill(composition, cut_seconds=20 if told.quick else 120).run()
            finally:
                if told.logs:
                    shutil.copytree(composition.folder / "logs", told.logs, dirs_exist_ok=True)
    except (CannotCompose, StepFailed) as error:
        print(f"error: {error}", file=sys.stderr)
    except Asked:
        print("The drill was ended.")
    minutes = (time.monotonic() - began) / 60
    print(f"{'All was well' if is_good else 'NOT all was well'} after {minutes:.1f} min.")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())

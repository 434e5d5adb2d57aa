"""Check the files that pre-commit names: the entry of the hooks in .pre-commit-hooks.yaml.

    python -m auger_reconcile.cli.pre_commit validate|fmt FILE...

pre-commit names what is committed, so ignored folders are left out. An overlay is checked as it is
used, over its auger.yaml, and with an auger.yaml every overlay beside it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from auger_reconcile.cli.main import main as auger
from auger_reconcile.config.files.find_files import FILE_NAME

_OVERLAY = re.compile(r"auger\.(?P<env>[\w.-]+)\.yaml")
_LOCKED = re.compile(r"(?:.*\.)?lock")  # auger.lock.yaml and auger.prod.lock.yaml are no overlays


def main(arguments: Sequence[str]) -> int:
    """Run a command for each file, and return the worst exit code."""
    command, *names = arguments
    files = [Path(name) for name in names]
    lines = _validate(files) if command == "validate" else _check_layout(files)
    return max([auger(line) for line in lines], default=0)


def _validate(files: Sequence[Path]) -> Iterator[list[str]]:
    """Yield a command for every project and each of its environments."""
    for folder in sorted({file.parent for file in files}):
        if (folder / FILE_NAME).exists():
            which = ["-f", str(folder / FILE_NAME)]
            yield [*which, "validate"]
            yield from ([*which, "--env", env, "validate"] for env in _environments(folder))


def _environments(folder: Path) -> list[str]:
    found = (_OVERLAY.fullmatch(path.name) for path in folder.iterdir())
    return sorted(one["env"] for one in found if one and not _LOCKED.fullmatch(one["env"]))


def _check_layout(files: Sequence[Path]) -> Iterator[list[str]]:
    for file in files:
        if file.name == FILE_NAME:
            yield ["-f", str(file), "fmt", "--check"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Check the files that pre-commit names: the entry of the hooks in .pre-commit-hooks.yaml.

    python -m auger_reconcile.cli.pre_commit validate|fmt FILE...

pre-commit names what is committed, so ignored folders are left out. An overlay is checked as it is
used, over its auger.yaml, and with an auger.yaml every overlay beside it. A file that is valid only
with an overlay, as one whose `name` each environment says, is checked with each of them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.main import main as auger
from auger_reconcile.config.files.find_files import FILE_NAME

USAGE = "usage: python -m auger_reconcile.cli.pre_commit validate|fmt FILE..."
_OVERLAY = re.compile(r"auger\.(?P<env>[\w.-]+)\.yaml")
_LOCKED = re.compile(r"(?:.*\.)?lock")  # auger.lock.yaml and auger.prod.lock.yaml are no overlays


def main(arguments: Sequence[str]) -> int:
    """Check files with one of two commands; return the worst exit code."""
    match arguments:
        case ["validate", *names]:
            folders = sorted({Path(name).parent for name in names})
            return max(map(_validate, folders), default=ExitCode.DONE)
        case ["fmt", *names]:
            return _check_layout([Path(name) for name in names])
    sys.stderr.write(f"{USAGE}\n")
    return ExitCode.USAGE


def _validate(folder: Path) -> int:
    """Check the project of a folder, with each of its environments; return the worst exit code."""
    which, environments = ["-f", str(folder / FILE_NAME)], _environments(folder)
    if not environments and not (folder / FILE_NAME).exists():
        return ExitCode.DONE  # a lock file by itself
    codes = [auger([*which, "--env", env, "validate"]) for env in environments]
    alone = auger([*which, "validate"]) if (folder / FILE_NAME).exists() else ExitCode.DONE
    if codes and alone and not any(codes):
        sys.stderr.write(f"{folder / FILE_NAME} is valid with each environment, and only so.\n")
    return max(codes, default=alone)


def _environments(folder: Path) -> list[str]:
    return sorted(env for path in folder.iterdir() if (env := _env_of(path)))


def _env_of(file: Path) -> str | None:
    """Return the environment that an overlay is of; None of any other file."""
    found = _OVERLAY.fullmatch(file.name)
    return found["env"] if found and not _LOCKED.fullmatch(found["env"]) else None


def _check_layout(files: Sequence[Path]) -> int:
    """Check the layout of files; with an auger.yaml, `auger fmt` checks the overlays beside it."""
    whole = [file for file in files if file.name == FILE_NAME]
    folders = {file.parent for file in whole}
    overlays = [file for file in files if file.parent not in folders and _env_of(file)]
    named = [str(file) for file in (*whole, *overlays)]
    return auger(["fmt", "--check", "--", *named]) if named else ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

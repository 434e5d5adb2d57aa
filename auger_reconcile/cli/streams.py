"""Take standard input and output for the files of a command, as `-` stands for them.

What is read is stored first, since formats are told by looking; what is written goes out when it is
complete, so that a reader never gets a part.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auger_reconcile.cli.path import STANDARD
from auger_reconcile.errors import AugerError


@contextmanager
def reading_standard(file: Path, form: str | None) -> Iterator[Path]:
    """Yield a file, or one that holds what standard input gives; errors call it that."""
    if file != STANDARD:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="auger-stdin-") as folder:
        stored = Path(folder) / f"stdin.{form or 'csv'}"
        with stored.open("wb") as target:
            shutil.copyfileobj(sys.stdin.buffer, target)
        try:
            yield stored
        except AugerError as error:
            told = str(error.args[0]).replace(str(stored), "standard input")
            error.args = (told, *error.args[1:])
            raise


@contextmanager
def writing_standard(to_stdout: bool, file: Path | None) -> Iterator[Path | None]:  # noqa: FBT001
    """Yield the file to write; afterwards, what is in it goes to standard output if it is to."""
    if not to_stdout:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="auger-stdout-") as folder:
        written = Path(folder) / "predicted"
        yield written
        with written.open("rb") as source:
            shutil.copyfileobj(source, sys.stdout.buffer)
        sys.stdout.buffer.flush()

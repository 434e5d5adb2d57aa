"""Write a file in one step: readers see the old or the new one, never a part."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

_BOM = b"\xef\xbb\xbf"


def replace_file(path: Path, text: str) -> None:
    """Write a text into a file that may be there; its permissions and byte order mark stay.

    Args:
        path: the file; a symbolic link stays one.
        text: written as UTF-8, line ends as they are.

    Raises:
        OSError: the file cannot be written; it is untouched.
    """
    target = path.resolve()
    mark = _BOM if target.exists() and target.read_bytes().startswith(_BOM) else b""
    try:
        _replace(target, mark + text.encode("utf-8"), keeping=shutil.copymode)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # not the temporary one beside it
        raise


def check_replaceable(path: Path) -> None:
    """Replace a file by itself, its times included: what would keep `replace_file` from it shows.

    Asking for permissions would not tell: an administrator has them all, a file that is mounted or
    made immutable stands in a folder that can be written, and a disk may be full.

    Args:
        path: a file that is there.

    Raises:
        OSError: the file cannot be written; it is untouched.
    """
    target = path.resolve()
    _replace(target, target.read_bytes(), keeping=shutil.copystat)


def _replace(target: Path, content: bytes, *, keeping: Callable[[Path, Path], None]) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            keeping(target, temporary)
        else:
            temporary.chmod(0o644)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

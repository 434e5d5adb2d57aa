"""Write a file in one step: readers see the old or the new one, never a part."""

from __future__ import annotations

import os
import shutil
import tempfile
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
    is_there = target.exists()
    mark = _BOM if is_there and target.read_bytes().startswith(_BOM) else b""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(mark + text.encode("utf-8"))
            stream.flush()
            os.fsync(stream.fileno())
        if is_there:
            shutil.copymode(target, temporary)
        else:
            temporary.chmod(0o644)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

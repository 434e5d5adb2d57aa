"""Run an exported model as a small HTTP service, and describe a container of it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from auger_reconcile.api.exports.local_predict import unzip
from auger_reconcile.errors import AugerError

PROGRAM = "serve.py"
_HIDDEN = ("AUGER_CREDENTIALS", "PYTHONSAFEPATH")  # the second hides the export's own package


def serve_export(export: Path, host: str, port: int) -> int:
    """Serve an export until it is interrupted; return the exit code of the service.

    Args:
        export: the zip, or the folder it was unpacked into.
        host: address to listen on.
        port: to listen on; 0 is a free one.

    Raises:
        AugerError: the export cannot be served.
    """
    if export.is_dir():
        return _run(export, host, port)
    _check(export)
    with tempfile.TemporaryDirectory(prefix="auger-serve-") as room:
        return _run(unzip(export, Path(room)), host, port)


def _run(folder: Path, host: str, port: int) -> int:
    program = folder.resolve() / PROGRAM
    if not program.is_file():
        raise AugerError(f"`{folder}` is no export that can be served", hint=_HINT)
    environ = {name: value for name, value in os.environ.items() if name not in _HIDDEN}
    command = [sys.executable, str(program), "--host", host, "--port", str(port)]
    with subprocess.Popen(command, env=environ) as service:
        try:
            return service.wait()
        except BaseException:  # whatever ends this ends the service
            service.terminate()
            service.wait()
            raise


_HINT = "`auger model export ID` makes one; exports of an older hub cannot be served"


def _check(export: Path) -> list[str]:
    """Return the names in a zip that can be served."""
    try:
        with zipfile.ZipFile(export) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        raise AugerError(f"`{export}` is no export of a model", hint=_HINT) from None
    if PROGRAM not in names:
        raise AugerError(f"`{export}` cannot be served", hint=_HINT)
    return names


def dockerfile(export: Path, port: int) -> str:
    """Return a Dockerfile that serves an export.

    Args:
        export: the zip.
        port: that it listens on.

    Raises:
        AugerError: it is no export that can be served.
    """
    if export.is_dir():
        raise AugerError("a Dockerfile is made of the zip of an export, not of a folder")
    _check(export)
    with zipfile.ZipFile(export) as archive:
        python = json.loads(archive.read("model/model.json"))["python"].rpartition(".")[0]
        needs_openmp = b"lightgbm" in archive.read("requirements.txt")
    openmp = (
        "RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n"
        if needs_openmp
        else ""
    )
    name = export.name
    copied = json.dumps([name, "/tmp/model.zip"])  # noqa: S108 - a path of the image
    return f"""# docker build -t model -f Dockerfile {shlex.quote(str(export.parent))}
# docker run -p {port}:{port} model      (-e AUGER_MODEL_TOKEN=... to ask callers for a token)
FROM python:{python}-slim
{openmp}WORKDIR /model
COPY {copied}
RUN python -m zipfile -e /tmp/model.zip /model && rm /tmp/model.zip \\
    && pip install --no-cache-dir -r requirements.txt
RUN useradd --create-home model
USER model
EXPOSE {port}
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD \\
    ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:{port}/health')"]
CMD ["python", "{PROGRAM}", "--host", "0.0.0.0", "--port", "{port}"]
"""

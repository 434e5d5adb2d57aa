"""Download a model as what other tools load: joblib, MLflow, ONNX, or the self-contained zip."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from auger_reconcile.api.exports.local_predict import unzip
from auger_reconcile.client.http.download import fetch_file
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.errors import AugerError
from auger_reconcile.resources._deployment import EXPORTING

FORMATS = ("zip", "joblib", "mlflow", "onnx")
PAUSE, TIMEOUT, SILENCE = 0.3, 900.0, 60.0  # seconds
_STATUS = "signed_s3_model_path_status"


def export_model(
    client: HubClient, trial_id: str, form: str, target: Path, tell: Callable[[str], None]
) -> Path:
    """Write the export of a trial: a zip, or a folder that holds a format's files.

    Args:
        client: of the hub.
        trial_id: of the trial.
        form: one of `FORMATS`.
        target: what is made; complete or not at all.
        tell: shows what is waited for.

    Raises:
        AugerError: the target exists, or the model cannot be had in this format.
    """
    if form not in FORMATS:
        listed = ", ".join(f"`{one}`" for one in FORMATS)
        raise AugerError(f"no model is exported as `{form}`", hint=f"the formats are {listed}")
    if target.exists():
        again = f"auger model export {trial_id} --format {form} --out PATH"
        hint = f"delete it, or say another place:\n{again}"
        raise AugerError(f"`{target}` is there already", hint=hint)
    item = _wait(client, _ask(client, trial_id, form), tell)
    if not item.get("signed_s3_model_path"):
        told = item.get("error_message") or f"its status is `{item.get(_STATUS)}`"
        raise AugerError(f"model {trial_id} cannot be exported as {form}: {told}")
    tell("downloading")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as room:
        archive = Path(room) / "export.zip"
        link = str(item["signed_s3_model_path"])
        fetch_file(link, archive, timeout=SILENCE, sha256=item.get("sha256"))
        made = archive if form == "zip" else unzip(archive, Path(room) / "export")
        shutil.move(made, target)
    return target


def _ask(client: HubClient, trial_id: str, form: str) -> dict[str, Any]:
    asked = {"trial_id": trial_id} | ({} if form == "zip" else {"format": form})
    item: dict[str, Any] = client.call("POST", "pipeline_files", asked)
    if form != "zip" and item.get("format") != form:
        raise AugerError(f"this hub exports no {form}", hint="every hub exports `--format zip`")
    return item


def _wait(client: HubClient, item: dict[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    deadline = time.monotonic() + TIMEOUT
    while item.get(_STATUS) in EXPORTING:
        if time.monotonic() > deadline:
            raise AugerError(f"the hub made no export within {TIMEOUT:.0f} s")
        tell("waiting for the export")
        time.sleep(PAUSE)
        item = client.call("GET", f"pipeline_files/{item['id']}")
    return item

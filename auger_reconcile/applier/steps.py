"""Run the steps of one action. Knows requests and files; kinds only yield steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from typing_extensions import assert_never

from auger_reconcile.applier.waiting import Patience
from auger_reconcile.client.http.connection import name_fate
from auger_reconcile.client.http.download import sha256_of
from auger_reconcile.client.hub_client import API_PREFIX, HubClient
from auger_reconcile.errors import ActionFailed, AugerError, HubError
from auger_reconcile.object_store import fetch_object, is_object_url
from auger_reconcile.resources._steps import (
    Await,
    Download,
    ReadAll,
    Remove,
    Send,
    Step,
    Steps,
    Upload,
)

LAG = 10.0  # seconds that a list of the hub may tell of the past
_NO_END = "waiting ends by answer or error: a bug in auger_reconcile"
_NOUNS = {  # of what the hub takes its time for
    "cluster_tasks": "task",
    "experiment_sessions": "run",
    "pipeline_files": "the export of model",
    "pipelines": "the deployment of model",
    "project_files": "the data set of id",
    "projects": "the cluster of project",
}
_FOREIGN_FORM = (AttributeError, KeyError, OverflowError, TypeError, ValueError)

Report = Callable[[str, int | None, int | None], None]


@dataclass
class StepRunner:
    """Sends the steps of one action to hub and disk, and their answers back.

    Attributes:
        folder: what relative paths of downloads are relative to, that of auger.yaml.
        report: told how far the action is: text, bytes done, bytes in all.
        has_written: whether a request that changes something went out.
    """

    client: HubClient
    folder: Path
    patience: Patience
    report: Report
    has_written: bool = field(default=False, init=False)

    def run(self, steps: Steps) -> Any:
        """Carry out all steps and return what they return; errors are shown to the steps first.

        Raises:
            AugerError: what the steps did not catch.
        """
        try:
            step = next(steps)
            while True:
                step = self._next(steps, step)
        except StopIteration as end:
            return end.value

    def _next(self, steps: Steps, step: Step) -> Step:
        try:
            answer = self._take(step)
        except AugerError as error:
            return steps.throw(error)
        try:
            return steps.send(answer)
        except _FOREIGN_FORM as error:
            if isinstance(step, Send | ReadAll | Await):
                raise _to_foreign(step) from error
            raise

    def _take(self, step: Step) -> Any:
        match step:
            case Send():
                self.has_written = self.has_written or step.method != "GET"
                return self.client.call(step.method, step.path, step.body)
            case ReadAll():
                return self._read_all(step)
            case Await():
                return self._await(step)
            case Upload():
                return self._upload(step)
            case Download():
                return self._download(step)
            case Remove():
                return self._remove(step)
            case _:
                assert_never(step)

    def _read_all(self, step: ReadAll) -> list[dict[str, Any]]:
        if step.naming is None:
            return self.client.list_all(step.collection, step.filters)
        patience = replace(self.patience, timeout=LAG)
        what = _noun(step.collection, step.naming)
        for _ in patience.looks(what, late="is not in the hub's list", goes_on=True):
            items = self.client.list_all(step.collection, step.filters)
            if any(str(item.get("id")) == step.naming for item in items):
                return items
        raise AssertionError(_NO_END)

    def _await(self, step: Await) -> Any:
        told = ""
        for _ in self.patience.looks(_noun(step.collection, step.id)):
            found = self.client.call("GET", f"{step.collection}/{step.id}")
            if not isinstance(found, Mapping):
                raise _to_foreign(step)
            if found.get(step.field) not in step.waiting:
                return found
            text = step.progress(found) if step.progress else str(found.get(step.field))
            if text != told:
                self.report(text, None, None)
                told = text
        raise AssertionError(_NO_END)

    def _upload(self, step: Upload) -> str | None:
        with self._at_hand(step.path) as path:
            if hash_file(path) != step.sha256:
                raise ActionFailed(
                    f"`{step.path}` has changed since the plan was made", hint="make a new plan"
                )
            return self.client.upload(step.target, path, progress=self._progress("uploading"))

    @contextmanager
    def _at_hand(self, source: str) -> Iterator[Path]:
        """Yield the file to send; an object of a store is fetched, and dropped afterwards."""
        if not is_object_url(source):
            yield Path(source)
            return
        with TemporaryDirectory(prefix="auger-") as folder:
            path = Path(folder) / "object"
            try:
                fetch_object(source, path, progress=self._progress("downloading"))
            except AugerError as error:
                problem = f"`{source}` cannot be read: {error}"
                raise ActionFailed(problem, hint=error.hint) from None
            yield path

    def _progress(self, text: str) -> Callable[[int, int], None]:
        return lambda done, total: self.report(text, done, total)

    def _download(self, step: Download) -> None:
        path = self.folder / step.path
        path.parent.mkdir(parents=True, exist_ok=True)
        told = self._progress("downloading")
        self.client.download(step.url, path, progress=told, sha256=step.note.get("sha256"))
        note = path.with_suffix(".json")
        draft = note.with_name(f".{note.name}.part")
        draft.write_text(json.dumps(dict(step.note), indent=2) + "\n", encoding="utf-8")
        draft.replace(note)

    def _remove(self, step: Remove) -> None:
        path = self.folder / step.path
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)


def _to_foreign(step: Send | ReadAll | Await) -> HubError:
    """Return the error for an answer that steps cannot read, which only its form can cause."""
    match step:
        case Send():
            request = f"{step.method} {API_PREFIX}{step.path}"
        case ReadAll():
            request = f"GET {API_PREFIX}{step.collection}"
        case Await():
            request = f"GET {API_PREFIX}{step.collection}/{step.id}"
    told = "the hub answered in a form that is not the API's"
    return HubError(
        f"{told}{name_fate(request)}",
        request=request,
        hint="the URL may belong to something else than a hub",
    )


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        ActionFailed: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return sha256_of(file)
    except OSError as error:
        raise ActionFailed(f"`{path}` cannot be read: {error.strerror}") from error


def _noun(collection: str, key: Any) -> str:
    """Return what people call an object: `run 1f2e`."""
    return f"{_NOUNS.get(collection, collection)} {key}"

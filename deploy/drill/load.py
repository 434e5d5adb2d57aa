"""Use two hubs as clients do, all the time: ask a model, look at runs, upload data.

A request that gets no answer, or one that says "not now" (503, 507), is sent again, to the other
hub first: that is all that a client has to do. What was acknowledged is remembered.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import requests

_AGAIN = (503, 507)
_PAUSE_SECONDS = 0.2
_ASK_SECONDS = 30.0
PATIENCE_SECONDS = 180.0
STRICT_SECONDS = 10.0
"""What a request may take in all while nothing but a hub is away."""


class Refused(Exception):
    """A request came to nothing, or to something wrong."""


@dataclass
class Count:
    """What became of the requests since the last step."""

    sent: int = 0
    again: int = 0
    slowest: float = 0.0
    failed: list[str] = field(default_factory=list)


class Hubs:
    """The hubs, as one that does not fail."""

    def __init__(self, urls: list[str], token: str) -> None:
        self._urls, self._token = urls, token
        self._lock = threading.Lock()
        self._count = Count()
        self.patience = PATIENCE_SECONDS

    def count(self) -> Count:
        """Return what became of the requests since this was asked last."""
        with self._lock:
            count, self._count = self._count, Count()
        return count

    def note_failure(self, text: str) -> None:
        """Count something that went wrong."""
        with self._lock:
            self._count.failed.append(text)

    def call(self, method: str, path: str, **params: Any) -> Any:
        """Return the data of an answer, from whichever hub; raise Refused when there is none."""
        body = {**params, "token": self._token}
        answer = self.send(method, f"/api/v1{path}", json=body)
        if answer.status_code != 200:
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer.json()["data"]

    def send(self, method: str, path: str, **sent: Any) -> requests.Response:
        """Return an answer of a hub, from whichever; raise Refused when none comes in time."""
        began, number, told = time.monotonic(), 0, ""
        first = int(began * 1000)
        while True:
            url = self._urls[(first + number) % len(self._urls)]
            try:
                answer = requests.request(method, url + path, timeout=_ASK_SECONDS, **sent)
                told = f"{answer.status_code} {answer.text[:200]}"
            except requests.RequestException as error:
                answer, told = None, f"{type(error).__name__}"
            took = time.monotonic() - began
            if answer is not None and answer.status_code not in _AGAIN:
                break
            if took > self.patience:
                break
            number += 1
            if number > 1:
                time.sleep(_PAUSE_SECONDS)
        with self._lock:
            self._count.sent += 1
            self._count.again += number > 0
            self._count.slowest = max(self._count.slowest, took)
        if answer is None or answer.status_code in _AGAIN:
            raise Refused(f"{method} {path}: nothing in {took:.0f} s, at last {told}")
        return answer

    def upload(self, project_id: int, name: str, content: bytes) -> str:
        """Upload a file; return the URL that a data set is made of."""
        target = self.call("POST", "/project_file_urls", project_id=project_id, file_path=name)
        path = "/" + target["url"].split("/", 3)[3]
        answer = self.send("POST", path, data=target["fields"], files={"file": content})
        if answer.status_code != 200:
            raise Refused(f"upload: {answer.status_code} {answer.text[:200]}")
        return f"s3://hub/{target['fields']['key']}"

    def download(self, project_id: int, name: str) -> bytes:
        """Return what was uploaded under a name."""
        asked = {"project_id": project_id, "file_path": name}
        target = self.call("GET", "/project_file_urls", **asked)
        return self.send("GET", "/" + target["url"].split("/", 3)[3]).content


class Load:
    """Threads that use the hubs until they are told to stop.

    Attributes:
        answers: the ids of questions that were answered.
        uploads: what was sent for each data set that was acknowledged, by its id.
    """

    def __init__(self, hubs: Hubs, project_id: int, model_id: str, table: bytes) -> None:
        self._hubs, self._project_id, self._model_id = hubs, project_id, model_id
        self._table = table
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._expected = self._ask()["result"]["data"]
        self.answers: list[str] = []
        self.uploads: dict[int, tuple[str, bytes]] = {}

    def start(self) -> None:
        """Begin."""
        works = [(self._ask_model, 0.1)] * 2 + [(self._look, 0.1)] * 2 + [(self._upload, 8.0)]
        for work, pause in works:
            thread = threading.Thread(target=self._repeat, args=(work, pause), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End, when what is under way has been answered."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, work: Callable[[], None], pause: float) -> None:
        while not self._is_over.is_set():
            try:
                work()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is no answer
                self._hubs.note_failure(f"{type(error).__name__}: {error}")
            self._is_over.wait(pause)

    def _ask(self) -> Any:
        row = {
            "features": ["sepal_length", "sepal_width", "petal_length", "petal_width"],
            "records": [[5.1, 3.5, 1.4, 0.2]],
        }
        asked = self._hubs.call(
            "POST", "/predictions", pipeline_id=self._model_id, wait=True, **row
        )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while asked["status"] in ("requested", "running") and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)
            asked = self._hubs.call("GET", f"/predictions/{asked['id']}")
        if asked["status"] != "done":
            raise Refused(f"prediction {asked['id']}: {asked['status']} {asked['error_message']}")
        return asked

    def _ask_model(self) -> None:
        answer = self._ask()
        if answer["result"]["data"] != self._expected:
            raise Refused(f"the model answers {answer['result']['data']}, not {self._expected}")
        self.answers.append(answer["id"])

    def _look(self) -> None:
        self._hubs.call("GET", "/experiment_sessions", project_id=self._project_id, limit=20)
        self._hubs.call("GET", "/status", object="Project", id=self._project_id)

    def _upload(self) -> None:
        name = f"upload-{time.monotonic_ns()}.csv"
        content = self._table + b"5.0,3.0,1.0,0.%d,setosa\n" % (time.monotonic_ns() % 10**6)
        url = self._hubs.upload(self._project_id, name, content)
        told = {"name": name, "project_id": self._project_id, "url": url}
        try:
            made = self._hubs.call("POST", "/project_files", **told)
        except Refused:  # that name is taken: by the same request, whose answer did not arrive
            found = self._hubs.call("GET", "/project_files", project_id=self._project_id, limit=500)
            made = next((one for one in found if one["name"] == name), None)
            if made is None:
                raise
        with suppress(KeyError):
            self.uploads[made["id"]] = (url.rpartition("/")[2], content)

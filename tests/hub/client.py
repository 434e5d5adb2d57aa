"""A plain client that speaks the wire contract to a hub."""

from __future__ import annotations

import io
import json
import os
import secrets
import time
import uuid
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from auger_hub.__main__ import main
from auger_hub.settings import HubSettings

OPTIONS = {
    "targetFeature": "species",
    "featureColumns": ["sepal_length", "sepal_width", "petal_length", "petal_width"],
    "categoricalFeatures": ["species"],
    "timeSeriesFeatures": [],
    "labelEncodingFeatures": [],
    "binaryClassification": False,
    "classification": True,
    "crossValidationFolds": 2,
    "max_total_time_mins": 2,
    "max_eval_time_mins": 1,
    "max_n_trials": 3,
    "use_ensemble": False,
    "scoring": "accuracy",
}
IRIS = Path(__file__).parents[2] / "examples" / "iris" / "iris.csv"


@dataclass(frozen=True)
class Answer:
    """What the hub said."""

    status: int
    body: dict[str, Any]

    @property
    def data(self) -> Any:
        """The data of a good answer."""
        assert self.status == 200, self.body
        return self.body["data"]

    @property
    def errors(self) -> list[tuple[str, str | None, str]]:
        """Type, parameter and message of every error."""
        meta = self.body["meta"]
        assert meta["status"] == self.status
        return [(e["error_type"], e.get("error_param"), e["message"]) for e in meta["errors"]]


@dataclass(frozen=True)
class Client:
    """A client with a token, as small as can be."""

    url: str
    token: str
    home: Path

    def call(self, method: str, path: str, **params: Any) -> Answer:
        """Send one request with its parameters in the body."""
        body = {**params, "token": self.token}
        answer = requests.request(method, f"{self.url}/api/v1{path}", json=body, timeout=30)
        return Answer(answer.status_code, answer.json())

    def get(self, path: str, **params: Any) -> Any:
        """Return the data of a GET."""
        return self.call("GET", path, **params).data

    def post(self, path: str, **params: Any) -> Any:
        """Return the data of a POST."""
        return self.call("POST", path, **params).data

    def patch(self, path: str, **params: Any) -> Any:
        """Return the data of a PATCH."""
        return self.call("PATCH", path, **params).data

    def wait(self, kind: str, object_id: Any, *statuses: str, seconds: float = 60) -> str:
        """Poll the status until it is one of `statuses`."""
        seen: str = ""

        def is_there() -> bool:
            nonlocal seen
            seen = self.get("/status", object=kind, id=object_id)["status"]
            return seen in statuses

        assert wait_until(is_there, seconds), f"{kind} {object_id} stays {seen}"
        return seen

    def upload(self, project_id: int, path: Path) -> str:
        """Upload a file and return the URL a client makes of it, bucket invented."""
        target = self.post("/project_file_urls", project_id=project_id, file_path=path.name)
        with path.open("rb") as file:
            answer = requests.post(
                target["url"], data=target["fields"], files={"file": file}, timeout=30
            )
        assert answer.status_code == 200, answer.text
        return f"s3://127/{target['fields']['key']}"

    def add_project(self) -> dict[str, Any]:
        """Return a new running project."""
        project = self.post("/projects", name=f"p-{uuid.uuid4().hex[:10]}")
        self.patch(f"/projects/{project['id']}/deploy", worker_type_id=1, workers_count=2)
        self.wait("Project", project["id"], "running")
        return dict(project)

    def add_file(self, project_id: int, path: Path = IRIS, name: str = "iris") -> dict[str, Any]:
        """Return a processed data set."""
        url = self.upload(project_id, path)
        file = self.post("/project_files", name=name, project_id=project_id, url=url)
        self.wait("ProjectFile", file["id"], "processed")
        return dict(self.get(f"/project_files/{file['id']}"))

    def add_run(
        self, file: dict[str, Any], *, model_type: str = "classification", **options: Any
    ) -> dict[str, Any]:
        """Return a waiting run of a new experiment on the data set."""
        experiment = self.post(
            "/experiments",
            name=f"e-{uuid.uuid4().hex[:10]}",
            project_id=file["project_id"],
            data_path=file["url"],
        )
        return dict(
            self.post(
                "/experiment_sessions",
                experiment_id=experiment["id"],
                model_type=model_type,
                model_settings={"evaluation_options": {**OPTIONS, **options}},
            )
        )

    def start_run(self, run_id: str) -> dict[str, Any]:
        """Start a waiting run."""
        return dict(self.patch(f"/experiment_sessions/{run_id}", status="preprocess"))

    def stop_run(self, run_id: str) -> Answer:
        """Interrupt a run."""
        return self.call("PATCH", f"/experiment_sessions/{run_id}", status="interrupted")


class _FromElsewhere(HTTPAdapter):
    """Asks from an address of its own, one of the 16 million of this machine."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        address = ".".join(map(str, (127, *secrets.token_bytes(2), secrets.randbelow(253) + 2)))
        super().init_poolmanager(*args, **options, source_address=(address, 0))


def from_elsewhere() -> requests.Session:
    """Return a visitor whose attempts to log in are no other test's, however fast tests follow."""
    session = requests.Session()
    session.mount("http://", _FromElsewhere())
    return session


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Look again and again until the condition holds: seldom once it takes long."""
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        if waited > seconds:
            return False
        time.sleep(min(max(0.03, waited * 0.05), 0.3))
    return True


@dataclass(frozen=True)
class Done:
    """What a command of the hub's program said, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def try_hub(home: object, *arguments: str) -> Done:
    """Run a command of the hub's program, in this process: a new one costs half a second."""
    mask = os.umask(0o077)  # which the program changes
    out, err = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = main([*arguments, "--home", str(home)])
    finally:
        os.umask(mask)
    return Done(code, out.getvalue(), err.getvalue())


def run_hub(home: object, *arguments: str) -> str:
    """Run a command that succeeds; return its last line."""
    done = try_hub(home, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def add_user(hub: Client, name: str, organization: str | None = None) -> dict[str, Any]:
    """Return a new user with password and token, of an organization of its own by default."""
    added = run_hub(hub.home, "user", "add", name, "--organization", organization or f"of-{name}")
    return dict(json.loads(added))


def add_stranger(hub: Client) -> Client:
    """Return a client of a user of another organization."""
    user = add_user(hub, f"stranger-{uuid.uuid4().hex[:6]}")
    return Client(hub.url, user["token"], hub.home)


def connect(settings: HubSettings) -> Client:
    """Return a client with the credentials the hub wrote."""
    credentials = json.loads(settings.credentials_path.read_text())
    return Client(credentials["api_url"], credentials["token"], settings.home)

"""What is given hostile input: each target takes a seed, and may only end well or with AugerError.

Files, saved plans, credentials and the answers of a hub come from outside; nothing that is in them
may end in an exception that the program does not know, nor in a hang.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from auger_reconcile.api.plans.saved_plan import read_plan, refresh_plan, save_plan
from auger_reconcile.api.workspace import Workspace
from auger_reconcile.cli.views.diagnostic import render_diagnostics
from auger_reconcile.cli.views.plan.plan_text import render_plan
from auger_reconcile.client.credentials import load_credentials, read_credentials
from auger_reconcile.client.http.transport import Answer
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.client.refresh import refresh
from auger_reconcile.config.load import load_desired_state
from auger_reconcile.diagnostics import Diagnostic
from auger_reconcile.errors import AugerError, ConfigError
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.saved.document import seal_of, to_document

from .bounds import bounded
from .damage import damage_bytes, damage_data
from .grammar import make_file

ROOT = Path(__file__).parents[2]
STORY = ROOT / "tests" / "cli" / "golden" / "everything_there"
REAL_FILES = sorted(
    [
        *ROOT.glob("examples/*/auger.yaml"),
        *ROOT.glob("docs/auger-yaml/*.yaml"),
        *ROOT.glob("tests/config/broken/*.yaml"),
        *ROOT.glob("tests/cli/golden/*/auger.yaml"),
    ]
)
ANSWERS = json.loads((STORY / "hub.json").read_text(encoding="utf-8"))
CREDENTIALS = {
    "username": "anna",
    "url": "https://app.auger.ai",
    "token": "abc",
    "organization": "acme",
}


class DamagedHub(HubClient):
    """A client whose answers are those of a hub, as damaged as is wanted."""

    def __init__(self, spoil: Callable[[bytes, str], bytes] = lambda body, _: body) -> None:
        super().__init__("http://127.0.0.1:9", "token")
        self.received = 0

        def exchange(method: str, path: str, body: bytes) -> Answer:
            collection = path.removeprefix("/api/v1/").partition("/")[0]
            answer = spoil(_answer(collection, json.loads(body)), collection)
            self.received += len(answer)
            return Answer(200, {"Content-Type": "application/json"}, answer)

        self._transport.exchange = exchange  # type: ignore[method-assign]


def _answer(collection: str, asked: Mapping[str, Any]) -> bytes:
    objects = {"organizations": [{"id": 1, "name": "acme"}], **ANSWERS}.get(collection, [])
    page = objects[asked.get("offset", 0) :][: asked.get("limit", 100)]
    meta = {"status": 200, "pagination": {"total": len(objects), "count": len(page)}}
    return json.dumps({"meta": meta, "data": page}).encode()


def damaged_file(seed: int, folder: Path) -> None:
    """A real file with pieces cut and put in, or one of known words in any arrangement."""
    chance = random.Random(seed)
    raw = damage_bytes(chance.choice(REAL_FILES).read_bytes(), chance)
    if chance.random() < 0.5:
        raw = make_file(chance).encode("utf-8", "replace")
    path = folder / "auger.yaml"
    path.write_bytes(raw)
    with bounded(len(raw)):
        told: Sequence[Diagnostic] | None = None
        try:
            load_desired_state([path], environ={"AUGER_VAR_a": "x"})
        except ConfigError as error:
            told = error.diagnostics
        assert told is None or render_diagnostics(told, color=True)


def damaged_answers(seed: int, folder: Path) -> None:
    """The lists of a hub with members gone, renamed, or of another type; or no JSON at all."""
    chance = random.Random(seed)
    victim = chance.choice(["", *ANSWERS, "organizations"])
    cuts = chance.random() < 0.2

    def spoil(body: bytes, collection: str) -> bytes:
        if victim not in ("", collection):
            return body
        if cuts:
            return damage_bytes(body, chance)
        return json.dumps(damage_data(json.loads(body), chance)).encode()

    desired = load_desired_state([STORY / "auger.yaml"], environ={}).state
    with DamagedHub(spoil) as client, bounded(1_000_000), suppress(AugerError):
        observed = refresh(client, desired.projects, "acme", folder=folder)
        options = PlanOptions(destroy=chance.random() < 0.2, prune=chance.random() < 0.3)
        plan = build_plan(desired, observed, options)
        assert render_plan(plan, color=True)
        assert to_document(plan)


def damaged_plan(seed: int, folder: Path) -> None:
    """A saved plan whose bytes are damaged, or whose content is and its seal fits."""
    chance = random.Random(seed)
    path = folder / "saved.json"
    path.unlink(missing_ok=True)  # damaged by the one before, it is no plan that another replaces
    workspace = Workspace(files=(STORY / "auger.yaml",), environ={}, home=folder)
    client = DamagedHub()
    options = PlanOptions(destroy=True)
    observed = refresh(client, workspace.desired.projects, "acme")
    save_plan(path, build_plan(workspace.desired, observed, options), workspace, options)
    piped = {**json.loads(path.read_bytes()), "files": ["-"]}  # so that none have to be here
    path.write_text(json.dumps({**piped, "seal": seal_of(piped)}))
    raw = damage_bytes(path.read_bytes(), chance)
    if chance.random() < 0.8:
        document = damage_data(json.loads(path.read_bytes()), chance)
        if isinstance(document, dict):
            document = {**document, "seal": seal_of(document)}
        raw = json.dumps(document).encode()
    path.write_bytes(raw)
    elsewhere = _Connected(files=(folder / "gone.yaml",), environ={}, home=folder)
    with client, bounded(len(raw)), suppress(AugerError):
        saved = read_plan(path)
        assert render_plan(saved.plan, color=True)
        plan, _ = refresh_plan(saved, elsewhere)
        assert render_plan(plan, color=True)


class _Connected(Workspace):
    """A workspace that reads the undamaged hub, whatever hub it is told."""

    def observe(self) -> Any:
        with DamagedHub() as client:
            return refresh(client, self.desired.projects, "acme")


def damaged_credentials(seed: int, folder: Path) -> None:
    """The text of credentials in the environment and in a file, and what is made of them."""
    chance = random.Random(seed)
    raw = damage_bytes(json.dumps(CREDENTIALS).encode(), chance)
    if chance.random() < 0.5:
        raw = json.dumps(damage_data(CREDENTIALS, chance)).encode()
    path = folder / "auger.json"
    path.write_bytes(raw)
    environ = {"AUGER_CREDENTIALS": re.sub(r"\x00", "", raw.decode("utf-8", "surrogateescape"))}
    for read in (
        lambda: read_credentials(path),
        lambda: load_credentials(environ=environ, path_to_credentials=None, home=folder),
    ):
        with bounded(len(raw)), suppress(AugerError):
            found = read()
            HubClient(found.api_url, found.token).close()


TARGETS: Mapping[str, Callable[[int, Path], None]] = {
    "file": damaged_file,
    "answers": damaged_answers,
    "plan": damaged_plan,
    "credentials": damaged_credentials,
}

"""One real local hub for all tests of the Python interface and of the commands about one thing."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from auger_reconcile.api.hubs.auth import login
from auger_reconcile.api.hubs.local_hub import LocalHub
from auger_reconcile.api.hubs.session import Surroundings
from tests.hub.shared import start_shared_hub

IRIS = Path(__file__).parents[2] / "examples" / "iris" / "iris.csv"
SETTINGS = """\
name: {name}
source: flowers.csv
model_type: classification
target: species
experiment:
  max_n_trials: 1
  cross_validation_folds: 2
  use_ensemble: false
"""


@dataclass(frozen=True)
class LiveHub:
    """Where the hub is, and a user of it.

    Attributes:
        home: the hub's own folder.
        credentials: the JSON text that AUGER_CREDENTIALS takes.
    """

    url: str
    home: Path
    username: str
    password: str = field(repr=False)
    organization: str
    credentials: str = field(repr=False)

    @property
    def token(self) -> str:
        return str(json.loads(self.credentials)["token"])

    @property
    def environ(self) -> dict[str, str]:
        """What a program needs to be this user."""
        return {"PATH": os.environ["PATH"], "AUGER_CREDENTIALS": self.credentials}


@cache
def start_hub(cluster_mode: str = "multi_tenant") -> LiveHub:
    """Return the hub of this test run, once for each mode, and a user of an organization there."""
    home = start_shared_hub(cluster_mode).home
    folder = Path(tempfile.mkdtemp(prefix="auger-user-"))
    hub = LocalHub({**os.environ, "AUGER_HUB_HOME": str(home)}, home=folder)
    url = str(hub.start()["url"])
    user = hub.add_user("anna", "shop")
    login(
        Surroundings({}, folder),
        url=url,
        username="anna",
        organization="shop",
        password=user["password"],
    )
    stored = (folder / ".augerai" / "auger.json").read_text()
    return LiveHub(url, home, "anna", str(user["password"]), "shop", stored)


def write_flowers(folder: Path) -> Path:
    """Write thirty flowers to learn from; return the file."""
    path = folder / "flowers.csv"
    with IRIS.open(newline="") as iris, path.open("w", newline="") as file:
        header, *rows = csv.reader(iris)
        csv.writer(file, lineterminator="\n").writerows([header, *rows[::5]])
    return path


def write_project(folder: Path, name: str) -> Path:
    """Write an auger.yaml and its flowers; return the auger.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    write_flowers(folder)
    path = folder / "auger.yaml"
    path.write_text(SETTINGS.format(name=name))
    return path

"""A user's steps that change something on a hub, each from a state of its own, over real HTTP.

Nothing is imported here that only tests need: a child process that will be killed begins with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.applier.apply import ApplyOptions, apply_plan
from auger_reconcile.applier.result import ApplyResult
from auger_reconcile.client.http.transport import Exchange, Pace
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.client.refresh import refresh
from auger_reconcile.config.edit.select import set_values
from auger_reconcile.config.load import read_settings
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.one_resource import with_selection
from auger_reconcile.planner.plan import Action, Plan

from .declared import declare
from .driver import Driver, impatient
from .server import TOKEN
from .wire import Wire
from .world import World

Document = Mapping[str, Any]

FILE = "# the shop\nname: old  # its name\ndataset:\n"
SEARCH = {"dataset": "d.csv", "max_n_trials": 2}
SHOP: Document = {
    "name": "shop",
    "cluster": {"max_nodes": 2},
    "datasets": {"d.csv": {"content": "x"}, "e_f.csv": {"source": "https://data.test/1.csv"}},
    "experiments": {"exp": SEARCH},
    "models": {"prod": {"experiment": "exp"}},
}
CHANGED_DATA = {**SHOP["datasets"], "d.csv": {"content": "y"}}
LOCAL = {"experiment": "exp", "locally": True}


@dataclass(frozen=True)
class Scenario:
    """What was declared and applied before, and what is now.

    Attributes:
        before: files that were applied one after the other.
        document: the file to be applied.
        selects: the address whose name is then written into auger.yaml.
        waited: whether the runs of what was before have ended.
    """

    document: Document
    before: tuple[Document, ...] = ()
    options: PlanOptions = field(default_factory=PlanOptions)
    selects: str = ""
    waited: bool = True


def changed(**members: Any) -> Document:
    return {**SHOP, **members}


PRUNE = PlanOptions(prune=True, max_deletes=99)
SCENARIOS: Mapping[str, Scenario] = {
    "create everything": Scenario(SHOP),
    "create and select": Scenario(changed(experiments={}, models={}), selects="shop/project.shop"),
    "new content": Scenario(changed(datasets=CHANGED_DATA), (SHOP,)),
    "new settings": Scenario(changed(experiments={"exp": {**SEARCH, "max_n_trials": 3}}), (SHOP,)),
    "two of each": Scenario(
        changed(
            datasets={**CHANGED_DATA, "d-1.csv": {"content": "z"}},
            experiments={"exp": SEARCH, "g_h": {**SEARCH, "dataset": "d-1.csv"}},
            models={"prod": {"experiment": "exp"}, "canary": {"experiment": "g_h"}},
        ),
        (SHOP,),
    ),
    "prune": Scenario(
        {"name": "shop", "cluster": SHOP["cluster"]}, (SHOP, changed(datasets=CHANGED_DATA)), PRUNE
    ),
    "delete the project": Scenario(changed(state="absent"), (SHOP,)),
    "stop": Scenario(changed(state="stopped"), (SHOP,)),
    "stop the run": Scenario(
        changed(models={}, experiments={"exp": {**SEARCH, "state": "stopped"}}),
        (changed(models={}),),
        waited=False,
    ),
    "start": Scenario(changed(state="running"), (changed(state="stopped"),)),
    "resize": Scenario(changed(cluster={"max_nodes": 3, "autoterminate_minutes": 9}), (SHOP,)),
    "export": Scenario(changed(models={"prod": LOCAL}), (SHOP,)),
    "drop the export": Scenario(
        changed(models={"prod": {**LOCAL, "state": "absent"}}), (changed(models={"prod": LOCAL}),)
    ),
}


@dataclass
class User:
    """Who applies one scenario in one folder, over HTTP."""

    scenario: Scenario
    folder: Path
    url: str
    timeout: float = 30.0
    parallelism: int = 1
    on_exchange: Callable[[Exchange], None] = lambda _: None

    def apply(self) -> ApplyResult:
        """Plan and apply."""
        with self._connect() as client:
            plan = self._plan(client)
            options = ApplyOptions(
                parallelism=self.parallelism,
                wait=True,
                patience=impatient(),
                select=self._store,
            )
            return apply_plan(plan, client, self.folder, options)

    def plan(self) -> Plan:
        """Plan only."""
        with self._connect() as client:
            return self._plan(client)

    def _connect(self) -> HubClient:
        pace = Pace(sleep=lambda _: None)
        return HubClient(
            self.url, TOKEN, timeout=self.timeout, pace=pace, on_exchange=self.on_exchange
        )

    def _plan(self, client: HubClient) -> Plan:
        desired = declare(self.scenario.document, folder=self.folder)
        observed = refresh(client, desired.projects, "acme", folder=self.folder)
        plan = build_plan(desired, observed, self.scenario.options)
        if not self.scenario.selects:
            return plan
        address = Address.parse(self.scenario.selects)
        settings = read_settings(self.folder / "auger.yaml", environ={})
        return with_selection(plan, address, address.name, settings)

    def _store(self, action: Action) -> None:
        changes = {tuple(change.path.split("/")): change.after for change in action.changes}
        set_values(self.folder / "auger.yaml", changes)


def apply_in_child(name: str, folder: Path, url: str) -> None:
    """What a process does that will be killed."""
    User(SCENARIOS[name], folder, url).apply()


def write_folder(folder: Path) -> None:
    """Write an auger.yaml to select in, and the data."""
    (folder / "auger.yaml").write_text(FILE)
    for content in ("x", "y", "z"):
        (folder / f"{content}.csv").write_text(content)


def begin(scenario: Scenario, folder: Path) -> World:
    """Return the world in which a scenario begins, and write its folder."""
    write_folder(folder)
    world = World()
    for document in scenario.before:
        driver = Driver(Wire(world), folder)
        plan = driver.plan(declare(document, folder=folder))
        assert driver.apply(plan, wait=scenario.waited).is_complete
    return world

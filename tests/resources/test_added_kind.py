"""A kind from another package: found by its entry point, and then like any other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import auger_reconcile
from tests.cli.static_hub import StaticHub, _Handler, serve

pytestmark = pytest.mark.process

PAGE = Path(__file__).parents[2] / "docs" / "extending"
PACKAGE = Path(auger_reconcile.__file__).parent
PROJECT = {"id": 7, "name": "shop", "organization_id": 1, "status": "running"}


class Endpoints(_Handler):
    """Lets endpoints be made and deleted, and nothing else."""

    def do_POST(self) -> None:
        if "endpoints" not in self.path:
            self.read()
            self._send(404, {"meta": {"status": 404, "errors": []}})
            return
        made = self.server.objects.setdefault("endpoints", [])
        made.append({**self.read(), "id": f"p{len(made)}"})
        self._send(201, {"meta": {"status": 201}, "data": made[-1]})

    def do_DELETE(self) -> None:
        self.read()
        number = self.path.rpartition("/")[2]
        (gone,) = [item for item in self.server.objects["endpoints"] if item["id"] == number]
        self.server.objects["endpoints"].remove(gone)
        self._send(200, {"meta": {"status": 200}, "data": gone})

    def read(self) -> dict[str, object]:
        asked: dict[str, object] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(f"{self.command} {self.path}")
        return asked


@dataclass(frozen=True)
class Site:
    """A folder with auger.yaml, and one with an installed package."""

    folder: Path
    packages: Path
    hub: StaticHub

    def install(self, entry_points: str) -> None:
        info = self.packages / "auger_endpoints-1.0.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: auger-endpoints\nVersion: 1.0\n"
        )
        (info / "entry_points.txt").write_text(entry_points)
        shutil.copy(PAGE / "endpoint.py", self.packages / "auger_endpoints.py")

    def build_in(self) -> None:
        """Install a copy of auger whose kinds are one file more."""
        folder = self.packages / "auger_reconcile"
        shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(PAGE / "endpoint.py", folder / "resources")

    def auger(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {
            **os.environ,
            "PYTHONPATH": str(self.packages),
            "HOME": str(self.packages),
            "AUGER_CREDENTIALS": self.hub.credentials,
        }
        return subprocess.run(
            [sys.executable, "-m", "auger_reconcile", *arguments],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def declare(self, text: str) -> None:
        (self.folder / "auger.yaml").write_text(f"name: shop\n{text}")


GOOD = "[auger_reconcile.kinds]\nendpoint = auger_endpoints:KIND\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "work").mkdir()
    with serve({"projects": [PROJECT]}) as hub:
        hub.RequestHandlerClass = Endpoints
        yield Site(tmp_path / "work", tmp_path / "site", hub)


def test_it_goes_from_create_to_an_empty_plan_to_delete(site: Site) -> None:
    site.install(GOOD)
    site.declare("endpoints: {tickets: {}}\n")
    planned = site.auger("plan")
    assert "+ endpoint.tickets" in planned.stdout, planned.stderr
    assert site.auger("apply", "--auto-approve").returncode == 0
    assert site.auger("plan", "--detailed-exitcode").returncode == 0
    site.declare("endpoints: {tickets: {state: absent}}\n")
    gone = site.auger("apply", "--auto-approve")
    assert "a live model stops answering" in gone.stdout, gone.stderr
    assert site.hub.objects["endpoints"] == []
    assert site.auger("plan", "--detailed-exitcode").returncode == 0


def test_a_kind_that_is_built_in_costs_its_file_and_no_other_line(site: Site) -> None:
    site.build_in()
    site.declare("endpoints: {tickets: {}}\n")
    assert "+ endpoint.tickets" in site.auger("apply", "--auto-approve").stdout
    assert site.auger("plan", "--detailed-exitcode").returncode == 0
    assert '"Endpoints by name."' in site.auger("schema").stdout
    site.declare("endpoints: {tickets: {stat: absent}}\n")
    assert "`endpoint` has a field `state`" in site.auger("validate").stderr


@pytest.mark.slow
def test_prune_and_protection_know_it(site: Site) -> None:
    site.install(GOOD)
    site.declare("endpoints: {tickets: {lifecycle: {prevent_destroy: true}}}\n")
    assert site.auger("apply", "--auto-approve").returncode == 0
    site.declare("")
    pruned = site.auger("plan", "--prune")
    assert pruned.returncode == 1
    assert "error[prevent-destroy]" in pruned.stderr


def test_its_settings_are_in_the_schema_and_checked(site: Site) -> None:
    site.install(GOOD)
    site.declare("endpoints: {tickets: {stat: absent}}\n")
    assert "`endpoint` has a field `state`" in site.auger("validate").stderr
    assert '"endpoints"' in site.auger("schema").stdout


@pytest.mark.slow
def test_a_saved_plan_carries_it(site: Site) -> None:
    site.install(GOOD)
    site.declare("endpoints: {tickets: {}}\n")
    assert site.auger("plan", "--out", "plan.json").returncode == 0
    applied = site.auger("apply", "plan.json")
    assert applied.returncode == 0, applied.stderr
    assert [item["name"] for item in site.hub.objects["endpoints"]] == ["tickets"]


def test_without_the_package_its_section_is_unknown(site: Site) -> None:
    site.declare("endpoints: {tickets: {}}\n")
    assert "error[unknown-field]" in site.auger("validate").stderr


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        pytest.param(
            "endpoint = auger_endpoints:NOTHING", "cannot be loaded", marks=pytest.mark.slow
        ),
        ("endpoint = no_such_module:KIND", "cannot be loaded"),
        ("other = auger_endpoints:KIND", "is no kind named `other`"),
        pytest.param(
            "endpoint = auger_endpoints:EndpointSpec",
            "is no kind named `endpoint`",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_kind_that_cannot_be_used_names_its_package(site: Site, entry: str, told: str) -> None:
    site.install(f"[auger_reconcile.kinds]\n{entry}\n")
    site.declare("")
    done = site.auger("validate")
    assert done.returncode == 1
    assert "auger-endpoints" in done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr

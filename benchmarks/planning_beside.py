"""Measure planning as a command, beside other planners with as many resources.

Nothing has changed: each reads its files, reads what is there, and says that there is nothing to
do. `auger` asks a server over HTTP; octoDNS and Terraform find the present state in files beside.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.cold_start import AUGER, to_credentials
from benchmarks.figure import Figure, Section
from benchmarks.loopback import Lists, serve
from benchmarks.measure import Cost, run_alternating
from benchmarks.peers import install
from benchmarks.world import PER_PROJECT, answer_lists, write_files

SIZES = {1_000: 5, 10_000: 3}  # resources, and rounds
OCTODNS, TERRAFORM = "octodns-sync", "terraform plan"
STATE = {"version": 4, "terraform_version": "1.0.0", "serial": 1, "lineage": "measured"}
PROVIDER = 'provider["terraform.io/builtin/terraform"]'

Prepare = Callable[[Path, int], None]


def measure() -> Section:
    """Measure every size with the planners that are there."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        scripts = install(Path(folder) / "octodns", sys.executable, "octodns")
        terraform = shutil.which("terraform") or shutil.which("tofu")
        peers: dict[str, tuple[Sequence[str], Prepare]] = {}
        if scripts:
            sync = [str(scripts / OCTODNS), "--config-file", "octodns.yaml"]
            peers[OCTODNS] = (sync, write_zones)
        if terraform:
            plan = [terraform, "plan", "-detailed-exitcode", "-no-color"]
            peers[TERRAFORM] = (plan, write_terraform)
        for size in SIZES:
            figures += _compare(Path(folder) / str(size), size, peers)
    notes = [
        "A plan without changes, from the start of the command to its exit. auger's resources are",
        "those of Planning, and come over HTTP. octoDNS has as many A records, a hundred a zone,",
        "from its YAML provider to another of the kind; Terraform has `terraform_data` blocks and",
        "a state file.",
    ]
    if missing := [name for name in (OCTODNS, TERRAFORM) if name not in peers]:
        notes.append(f"Not here: {', '.join(missing)}.")
    return Section("planning_beside", "Planning beside others", figures, notes)


def _compare(
    folder: Path, size: int, peers: Mapping[str, tuple[Sequence[str], Prepare]]
) -> list[Figure]:
    folder.mkdir()
    (folder / "auger.yaml").write_text(write_files(size), encoding="utf-8")
    commands: dict[str, Sequence[str]] = {"auger plan": [AUGER, "plan", "--detailed-exitcode"]}
    for name, (command, prepare) in peers.items():
        prepare(folder, size)
        commands[name] = command
    with serve(Lists(answer_lists(size)).respond) as hub:
        env = {**os.environ, "AUGER_CREDENTIALS": to_credentials(hub.url)}
        found = run_alternating(commands, rounds=SIZES[size], cwd=folder, env=env)
    ours = found.pop("auger plan")
    return [
        Figure(f"{size:,} resources", _told(ours), f"{_told(cost)} ({name})", ours.cpu / cost.cpu)
        for name, cost in found.items()
    ]


def _told(cost: Cost) -> str:
    return f"{cost.cpu:.2f} s, {cost.peak:.0f} MB"


def write_zones(folder: Path, records: int) -> None:
    """Write zones for octoDNS, and the same once more as what is there."""
    names = [f"zone-{number}.example.com." for number in range(records // PER_PROJECT)]
    provider = "octodns.provider.yaml.YamlProvider"
    here, there = (
        {"class": provider, "directory": f"./{name}", "enforce_order": False}
        for name in ("here", "there")
    )
    zones = {name: {"sources": ["here"], "targets": ["there"]} for name in names}
    config = {"providers": {"here": here, "there": there}, "zones": zones}
    (folder / "octodns.yaml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    lines = (
        f"host-{i}: {{type: A, ttl: 300, value: 192.0.2.{i + 1}}}\n" for i in range(PER_PROJECT)
    )
    zone = "---\n" + "".join(lines)
    for place in ("here", "there"):
        (folder / place).mkdir()
        for name in names:
            (folder / place / f"{name}yaml").write_text(zone, encoding="utf-8")


def write_terraform(folder: Path, resources: int) -> None:
    """Write blocks for Terraform and a state that has them all."""
    blocks = (
        f'resource "terraform_data" "r{i}" {{\n  input = "value {i}"\n}}\n'
        for i in range(resources)
    )
    (folder / "main.tf").write_text("".join(blocks), encoding="utf-8")
    state = {**STATE, "outputs": {}, "resources": [_in_state(i) for i in range(resources)]}
    (folder / "terraform.tfstate").write_text(json.dumps(state), encoding="utf-8")
    terraform = shutil.which("terraform") or "tofu"
    subprocess.run([terraform, "init"], cwd=folder, check=True, capture_output=True)


def _in_state(number: int) -> dict[str, object]:
    value = {"value": f"value {number}", "type": "string"}
    own = {"id": f"id-{number}", "input": value, "output": value, "triggers_replace": None}
    instance = {"schema_version": 0, "attributes": own, "sensitive_attributes": []}
    kind = {"mode": "managed", "type": "terraform_data", "provider": PROVIDER}
    return {**kind, "name": f"r{number}", "instances": [instance]}

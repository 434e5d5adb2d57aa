"""The lock in requirements/ is one for everybody, and fits what pyproject.toml allows."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from house_rules.conftest import ROOT, for_each

tomllib = pytest.importorskip("tomllib", reason="Python 3.11 reads TOML")
LOCKS = {path.stem: path.read_text("utf-8") for path in (ROOT / "requirements").glob("*.txt")}
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT, BUILD = DECLARED["project"], DECLARED["dependency-groups"]["build"]
OPTIONAL = PROJECT["optional-dependencies"]
PIN = re.compile(r"^([a-z0-9-]+)(?:\[.*?\])?==(\S+)(?: ; .*?)?( \\)?$", re.M)
WANTED = {
    "core": [*PROJECT["dependencies"], *BUILD],
    "hub": [*PROJECT["dependencies"], *BUILD, *OPTIONAL["hub"]],
    "all": [*PROJECT["dependencies"], *BUILD, *(one for some in OPTIONAL.values() for one in some)],
}


def pins(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version, _ in PIN.findall(LOCKS[lock]):
        found.setdefault(name, set()).add(version)
    return found


@for_each(WANTED)
def test_every_dependency_is_locked_to_versions_that_pyproject_allows(lock):
    locked, misfits = pins(lock), []
    for text in WANTED[lock]:
        wanted = Requirement(text)
        if wanted.name == PROJECT["name"]:
            continue
        versions = locked.get(canonicalize_name(wanted.name), set())
        if not versions or not all(wanted.specifier.contains(one) for one in versions):
            misfits.append(f"{text}: {versions or 'missing'}")
    assert misfits == [], "`make lock` writes requirements/ anew"


@for_each(WANTED)
def test_every_pin_of_a_lock_has_hashes(lock):
    assert pins(lock)
    assert [name for name, _, goes_on in PIN.findall(LOCKS[lock]) if not goes_on] == []


@for_each(WANTED)
def test_a_lock_names_no_host_and_no_path(lock):
    assert not re.search(r"://|^-|@ |^\s*[./~]", LOCKS[lock], re.M)


@pytest.mark.parametrize("lock", ["core", "hub"])
def test_the_locks_agree(lock):
    whole = pins("all")
    assert {name: found for name, found in pins(lock).items() if not found <= whole[name]} == {}

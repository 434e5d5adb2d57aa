"""Data that differs in line ends or byte order mark alone is said to."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from auger_reconcile.address import Address
from auger_reconcile.api.files.line_ends import ADVICE, explain_line_ends
from auger_reconcile.config.declarations import line_ends
from auger_reconcile.planner.build import build_plan
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources.files.source import DatasetSpec
from auger_reconcile.resources.project import ProjectSpec
from auger_reconcile.state import Declared, DesiredState, ObservedState

HOME, DATA = Address("shop", "project", "shop"), Address("shop", "dataset", "d.csv")
LF, CRLF, MARK = b"a,b\n1,2\n3,4\n", b"a,b\r\n1,2\r\n3,4\r\n", b"\xef\xbb\xbf"


def reason_of(path: Path, content: bytes, known: bytes) -> str:
    """Return why data is new, where the hub has other bytes of its name."""
    path.write_bytes(content)
    sha256, there = (hashlib.sha256(data).hexdigest() for data in (content, known))
    spec = DatasetSpec(
        name="d.csv", source="d.csv", path=str(path), sha256=sha256, size=len(content)
    )
    home = {"id": 1, "name": "shop", "status": "running"}
    url = f"s3://bucket/files/sha256-{there}-d-abc123.csv"
    file = {"id": 2, "name": "d.csv", "status": "processed", "url": url}
    answers = {"projects": [home], "project_files": [file]}
    objects = {("shop", name): kind_of(name).observe(answers) for name in ("project", "dataset")}
    observed = ObservedState("https://hub.test", "acme", 7, objects)
    desired = DesiredState(
        {HOME: Declared(HOME, ProjectSpec(name="shop")), DATA: Declared(DATA, spec)}
    )
    plan = explain_line_ends(build_plan(desired, observed), observed)
    return next(action.reason for action in plan.actions if action.address == DATA)


@pytest.mark.parametrize("block", [1, 4, 5, 1 << 20])
@pytest.mark.parametrize(
    ("content", "known"), [(CRLF, LF), (LF, CRLF), (MARK + LF, LF), (LF, MARK + CRLF)]
)
def test_other_line_ends_are_named_as_the_reason(
    content: bytes, known: bytes, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_ends, "BLOCK", max(block, 3))
    assert reason_of(tmp_path / "d.csv", content, known).endswith(ADVICE)


@pytest.mark.parametrize("content", [b"a,b\n1,2\n3,5\n", CRLF + b"5,6\r\n", b"\0" + CRLF])
def test_other_content_is_only_other_content(content: bytes, tmp_path: Path) -> None:
    told = reason_of(tmp_path / "d.csv", content, LF)
    assert told == "the content has changed since `d.csv`"

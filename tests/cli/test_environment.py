"""What is planned for one environment says so, in whatever form it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import User

SAID = "Only environment prod was looked at (--env)."


@pytest.fixture(autouse=True)
def two(folder: Path) -> None:
    (folder / "auger.yaml").write_text("name: shop\n")
    (folder / "auger.prod.yaml").write_text("name: shop-prod\n")


@pytest.mark.usefixtures("empty_hub")
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_plan_of_an_environment_says_so(user: User, form: str) -> None:
    told = user.run("--env", "prod", "plan", "--format", form).out
    assert SAID.partition(" (")[0] in told
    assert "environment" not in user.run("plan", "--format", form).out


@pytest.mark.usefixtures("empty_hub")
def test_its_json_names_it(user: User, folder: Path) -> None:
    assert json.loads(user.run("--env", "prod", "plan", "--json").out)["environment"] == "prod"
    assert "environment" not in json.loads(user.run("plan", "--json").out)
    assert user.run("--env", "prod", "plan", "--out", "plan.json").code == 0
    assert SAID in user.run("show", "plan.json").out
    assert SAID in user.run("--env", "prod", "drift").out
    assert json.loads(user.run("--env", "prod", "drift", "--json").out)["environment"] == "prod"


@pytest.mark.usefixtures("empty_hub")
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_that_nothing_is_to_be_done_is_said_of_it_alone(
    user: User, folder: Path, form: str
) -> None:
    (folder / "auger.prod.yaml").write_text("name: shop-prod\nstate: absent\n")
    told = user.run("--env", "prod", "plan", "--format", form).out
    assert "No changes" in told
    assert SAID.partition(" (")[0] in told

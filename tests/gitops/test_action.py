"""The action of GitHub: what its script does, against a hub and an API on loopback."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest
import yaml

from auger_reconcile.cli.views.plan.plan_markdown import MARKER
from auger_reconcile.config.load import load_desired_state
from tests.cli.static_hub import StaticHub, serve

from .conftest import ACTION, GITOPS, Checkout
from .fake_github import comment, serve_github
from .finished import finished

pytestmark = pytest.mark.process

DESCRIPTION = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
SCRIPT = (ACTION / "run.sh").read_text(encoding="utf-8")


@pytest.fixture
def empty_hub(checkout: Checkout) -> Iterator[StaticHub]:
    with serve({}) as hub:
        checkout.environ["AUGER_CREDENTIALS"] = hub.credentials
        yield hub


@pytest.fixture
def full_hub(checkout: Checkout) -> Iterator[StaticHub]:
    desired = load_desired_state([GITOPS / "auger.yaml"], env="prod", environ={}).state
    with serve(finished(desired)) as hub:
        checkout.environ["AUGER_CREDENTIALS"] = hub.credentials
        yield hub


def output(checkout: Checkout) -> str:
    return (checkout.folder / "output").read_text()


def test_the_action_is_one_that_github_reads() -> None:
    assert DESCRIPTION["runs"]["using"] == "composite"
    assert all("description" in told for told in DESCRIPTION["inputs"].values())
    assert all("shell" in step for step in DESCRIPTION["runs"]["steps"] if "run" in step)


def test_no_input_is_pasted_into_a_script() -> None:
    scripts = [step.get("run", "") for step in DESCRIPTION["runs"]["steps"]]
    assert [text for text in scripts if "${{" in text] == []


def test_the_script_is_given_all_that_it_reads() -> None:
    given = set(DESCRIPTION["runs"]["steps"][-1]["env"])
    read = set(re.findall(r"\$\{?([A-Z_]+)", SCRIPT))
    assert read - given <= {"BASH_SOURCE", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"}


def test_the_script_is_valid_bash() -> None:
    subprocess.run(["bash", "-n", str(ACTION / "run.sh")], check=True)


def test_validate_needs_no_credentials(checkout: Checkout) -> None:
    done = checkout.act("validate")
    assert (done.returncode, output(checkout)) == (0, "exit-code=0\n"), done.stderr


def test_a_plan_with_something_to_do_is_a_success(checkout: Checkout, empty_hub: StaticHub) -> None:
    done = checkout.act("plan", GITHUB_STEP_SUMMARY="summary.md")
    assert (done.returncode, output(checkout)) == (0, "exit-code=2\n"), done.stderr
    assert (checkout.folder / "summary.md").read_text().startswith(MARKER)
    assert (checkout.folder / "plan.json").exists()


@pytest.mark.slow
def test_a_broken_file_fails(checkout: Checkout, empty_hub: StaticHub) -> None:
    (checkout.folder / "auger.yaml").write_text("name: [")
    assert checkout.act("validate").returncode == 1
    assert checkout.act("plan").returncode == 1


def test_a_plan_that_is_refused_fails_and_is_commented(
    checkout: Checkout, empty_hub: StaticHub
) -> None:
    with (checkout.folder / "auger.prod.yaml").open("a") as file:
        file.write("budget_minutes: 1\n")
    with serve_github() as github:
        done = plan_and_comment(checkout, github.url)
    assert done.returncode == 1
    assert "This plan cannot be applied" in github.comments[0]["body"]


def test_an_apply_of_the_saved_plan_does_nothing_where_all_is_there(
    checkout: Checkout, full_hub: StaticHub
) -> None:
    assert checkout.act("plan").returncode == 0
    done = checkout.act("apply")
    assert done.returncode == 0, done.stderr
    assert "No changes" in done.stdout


@pytest.mark.slow
def test_an_apply_of_a_stale_plan_exits_3(checkout: Checkout, empty_hub: StaticHub) -> None:
    checkout.act("plan")
    with (checkout.folder / "auger.prod.yaml").open("a") as file:
        file.write("budget_minutes: 119\n")
    assert checkout.act("apply").returncode == 3


@pytest.mark.slow
def test_no_drift_is_a_success(checkout: Checkout, full_hub: StaticHub) -> None:
    done = checkout.act("drift")
    assert done.returncode == 0, done.stdout + done.stderr


def test_drift_fails_the_job(checkout: Checkout, full_hub: StaticHub) -> None:
    full_hub.objects["projects"][0]["workers_count"] = 9
    done = checkout.act("drift", GITHUB_STEP_SUMMARY="summary.md")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "project.support-prod" in (checkout.folder / "summary.md").read_text()


def test_an_unknown_command_is_wrong_usage(checkout: Checkout) -> None:
    assert checkout.act("explode").returncode == 64


def plan_and_comment(checkout: Checkout, url: str) -> subprocess.CompletedProcess[str]:
    return checkout.act(
        "plan",
        PULL_REQUEST="5",
        GITHUB_API_URL=url,
        GITHUB_REPOSITORY="acme/models",
        GITHUB_TOKEN="gh-token",
    )


def test_the_first_plan_writes_a_comment(checkout: Checkout, empty_hub: StaticHub) -> None:
    with serve_github(comment(1)) as github:
        done = plan_and_comment(checkout, github.url)
    assert done.returncode == 0, done.stderr
    assert [item["id"] for item in github.comments] == [1, 999]
    assert github.comments[1]["body"].startswith(MARKER)


def test_the_next_plan_replaces_it_however_many_comments_there_are(
    checkout: Checkout, empty_hub: StaticHub
) -> None:
    others = [comment(number) for number in range(1, 150)]
    with serve_github(*others, comment(700, f"{MARKER}\nold", "Bot")) as github:
        plan_and_comment(checkout, github.url)
    assert len(github.comments) == 150
    assert (
        "3 to create" in github.comments[-1]["body"] or "to create" in github.comments[-1]["body"]
    )
    assert "old" not in github.comments[-1]["body"].splitlines()


@pytest.mark.slow
def test_what_a_person_wrote_is_left_alone(checkout: Checkout, empty_hub: StaticHub) -> None:
    with serve_github(comment(1, f"{MARKER}\nquoted by a person")) as github:
        plan_and_comment(checkout, github.url)
    assert [item["id"] for item in github.comments] == [1, 999]


def test_a_comment_that_is_refused_fails_the_job(checkout: Checkout, empty_hub: StaticHub) -> None:
    with serve_github() as github:
        done = checkout.act(
            "plan",
            PULL_REQUEST="5",
            GITHUB_API_URL=github.url,
            GITHUB_REPOSITORY="acme/models",
            GITHUB_TOKEN="wrong",
        )
    assert done.returncode != 0

"""The demonstration behind `make demo`: examples/iris from nothing to predictions.

Everything is done by the command `auger`, as a user would; this program only types and comments.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import click

IRIS = Path(__file__).parent / "iris"
HOLDOUT = IRIS / "holdout.csv"
PREDICTED = IRIS / "holdout_predicted.csv"
TARGET, PREDICTION = "species", "species_predicted"
ENOUGH = 0.9


def main() -> int:
    """Run all steps; return 0 when the predictions are good and the second plan is empty."""
    title("auger: machine-learning projects that are what a file says")
    say(
        f"The file is {shown(IRIS / 'auger.yaml')}. It names a data set, an experiment and a model."
    )
    step("1. What has to happen?")
    run("plan")
    step("2. Make it so.")
    run("apply", "--auto-approve")
    step("3. What was found?")
    run("experiment", "leaderboard")
    step("4. Ask the deployed model about 30 flowers that it has never seen.")
    model = deployed_model()
    run("model", "predict", HOLDOUT.name, "--model-id", model)
    right, total = score()
    show_predictions()
    say(f"{right} of {total} are right: {right / total:.0%}.")
    step("5. Once more: what has to happen?")
    second = run("plan", "--detailed-exitcode", check=False)
    PREDICTED.unlink(missing_ok=True)
    if second != 0 or right < ENOUGH * total:
        click.secho("\nThe demonstration did not come out as it should.", fg="red", bold=True)
        return 1
    say("Nothing: the hub is what the file says. Change the file or the data, and plan again:")
    say("")
    say(f"    cd {shown(IRIS)}")
    say(f"    {shown(Path(sys.executable).parent / 'auger')} plan")
    say("")
    say("The local hub goes on in the background; `auger hub stop` ends it.")
    return 0


def run(*arguments: str, check: bool = True) -> int:
    """Type a command in the folder of the example; return its exit code.

    Raises:
        SystemExit: it failed, and `check` is set.
    """
    click.secho(f"\n$ auger {' '.join(arguments)}", fg="cyan", bold=True)
    sys.stdout.flush()
    done = subprocess.run(auger(*arguments), cwd=IRIS, check=False)
    if check and done.returncode != 0:
        raise SystemExit(done.returncode)
    return done.returncode


def auger(*arguments: str) -> list[str]:
    """Return the command line of one command of auger."""
    return [sys.executable, "-m", "auger_reconcile", *arguments]


def deployed_model() -> str:
    """Return the id of the model that the apply deployed."""
    command = auger("model", "list", "--json")
    told = subprocess.run(command, cwd=IRIS, check=True, capture_output=True, text=True).stdout
    ready = [item for item in json.loads(told) if item["status"] == "ready"]
    return str(max(ready, key=lambda item: item["created_at"])["id"])


def predictions() -> list[tuple[str, str]]:
    """Return the true and the predicted species of each held-out flower."""
    with PREDICTED.open(newline="", encoding="utf-8") as file:
        return [(row[TARGET], row[PREDICTION]) for row in csv.DictReader(file)]


def score() -> tuple[int, int]:
    """Return how many of the held-out rows were predicted right, and how many there are."""
    found = predictions()
    return sum(truth == predicted for truth, predicted in found), len(found)


def show_predictions() -> None:
    """Print every held-out flower: what was predicted, and what it is where that differs."""
    click.echo()
    for index, (truth, predicted) in enumerate(predictions()):
        is_right = truth == predicted
        mark = click.style("✓", fg="green") if is_right else click.style("✗", fg="red")
        text = f"{mark} {predicted if is_right else f'{predicted} ({truth})'}"
        click.echo(text.ljust(34) + " ", nl=index % 3 == 2)
    click.echo()


def title(text: str) -> None:
    """Print the heading of the demonstration."""
    click.secho(f"\n{text}\n{'─' * len(text)}", bold=True)


def step(text: str) -> None:
    """Print the heading of a step."""
    click.secho(f"\n{text}", fg="yellow", bold=True)


def say(text: str) -> None:
    """Print a remark."""
    click.echo(text)


def shown(path: Path) -> str:
    """Return a path as short as it can be written here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


if __name__ == "__main__":
    sys.exit(main())

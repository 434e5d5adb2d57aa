"""What a person of another tool types gets the command or option that does it here."""

from __future__ import annotations

import shlex

import click
import pytest

from auger_reconcile.cli.habits import COMMANDS, OPTIONS, WRITTEN
from auger_reconcile.cli.main import auger

from .conftest import User


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("init", "auger new NAME"),
        ("state list", "auger show"),
        ("state mv a b", "`moved: [{from: model.old, to: model.new}]` in auger.yaml"),
        ("state rm model.x", "`removed: [{address: model.old}]`"),
        ("models serve -m runs:/1/model", "auger model serve MODEL_ID"),
        ("rollout undo", "auger rollback ADDRESS"),
        ("fmt -recursive", "a folder stands for all"),
        ("login", "auger auth login"),
        ("delete dataset x.csv", "auger dataset delete x.csv"),
        ("get experiments", "auger experiment list"),
        ("delete model M1", "auger model undeploy M1"),
        ("delete", "auger destroy"),
        ("deploy 390955D2AB984D7", "auger model deploy MODEL_ID"),
        ("model download", "auger model deploy MODEL_ID --locally"),
        ("apply -auto-approve", "`-auto-approve` is `--auto-approve` here"),
        ("plan -target=project.x", "`-target=project.x` is `--target project.x` here"),
        ("apply --yes", "`--yes` is `--auto-approve` here"),
        ("project delete --auto-approve", "`--auto-approve` is `--yes` here"),
        ("plan -var trials=3", "no such option '-var'"),
        ("plan -var trials=3", "`-var` is `--var` here"),
        ("plan -var=trials=3", "`-var=trials=3` is `--var trials=3` here"),
        ("apply --force", "`--force` is `--auto-approve` here"),
        ("project delete --force", "`--force` is `--yes` here"),
        ("project delete -y", "`-y` is `--yes` here"),
        ("plan -refresh=false", "the hub is read each time"),
        ("graph -type=plan", "no such option '-type'"),
        ("graph -type=plan", "what is drawn is the plan"),
        ("graph -draw-cycles", "no plan has any"),
        ("plan -slips", "no such option '-slips'"),
    ],
)
def test_a_habit_gets_a_hint(typed: str, hint: str, user: User) -> None:
    answer = user.run(*typed.split())
    assert answer.code == 64
    assert hint in answer.err


@pytest.mark.parametrize("typed", ["plan --tagret x", "plam", "plan -x"])
def test_a_slip_gets_what_it_got_before(typed: str, user: User) -> None:
    answer = user.run(*typed.split())
    assert answer.code == 64
    assert "auger" in answer.err


@pytest.mark.parametrize("command", sorted(set(COMMANDS.values())))
def test_every_hint_is_a_command(command: str) -> None:
    """Its words lead to a command, and its options are options of that."""
    _, *words = shlex.split(command)
    found: click.Command = auger
    for word in words:
        if isinstance(found, click.Group) and not word.startswith("-"):
            context = click.Context(found)
            assert word in found.list_commands(context)
            known = found.get_command(context, word)
            assert known
            found = known
        elif word.startswith("--"):
            names = {
                name for param in found.get_params(click.Context(found)) for name in param.opts
            }
            assert word in names | {"--help", "--version"}


def test_no_hint_stands_for_a_command_that_is_there() -> None:
    context = click.Context(auger)
    assert not (COMMANDS.keys() | WRITTEN.keys()) & set(auger.list_commands(context))
    groups = {path.split()[0] for path in COMMANDS if " " in path}
    for group in groups & set(auger.list_commands(context)):
        found = auger.get_command(context, group)
        assert isinstance(found, click.Group)
        own = {f"{group} {name}" for name in found.list_commands(click.Context(found))}
        assert not COMMANDS.keys() & own


def test_options_stand_for_each_other() -> None:
    named = {*OPTIONS, *(one for meant in OPTIONS.values() for one in meant)}
    assert all(name.startswith("--") for name in named)

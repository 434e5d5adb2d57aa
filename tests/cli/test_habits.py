"""What a person of another tool types gets the command or option that does it here."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click
import pytest

from auger_reconcile.cli.command import Group
from auger_reconcile.cli.habits import (
    COMMANDS,
    KINDS,
    OPTIONS,
    VERBS,
    WITH_FILE,
    WRITTEN,
    hint_for_arguments,
    hint_for_command,
)
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
        ("rollout restart model/x", "auger plan --replace ADDRESS"),
        ("rollout history model/x", "auger history"),
        ("get model churn", "auger explain model.churn"),
        ("describe dataset a.csv", "auger dataset show a.csv"),
        ("get dataset", "auger dataset list"),
        ("model describe", "auger model list"),
        ("model get churn", "auger explain model.churn"),
        ("experiment describe churn", "auger explain experiment.churn"),
        ("project get churn", "auger explain project.churn"),
        ("start project", "auger project start"),
        ("start project churn", "auger project start churn"),
        ("stop project", "auger project stop"),
        ("stop cluster", "auger project stop"),
        ("delete dataset/d1.csv", "auger dataset delete d1.csv"),
        ("delete datasets a.csv b.csv", "auger dataset delete b.csv"),
        ("dataset rm a.csv", "auger dataset delete a.csv"),
        ("project rm churn", "auger project delete churn"),
        ("experiment rm churn", "auger experiment delete churn"),
        ("project use churn", "auger project select churn"),
        ("project ls", "auger project list"),
        ("run list", "auger experiment history"),
        ("run experiment", "auger experiment start --wait"),
        ("run experiment churn", "auger experiment start churn --wait"),
        ("create -f auger.yaml", "auger apply -f auger.yaml"),
        ("delete -f auger.yaml", "auger destroy -f auger.yaml"),
        ("create x", "auger new NAME"),
        ("serve -m models:/x", "auger model serve MODEL_ID"),
        ("hub up", "auger hub start"),
        ("hub down", "auger hub stop"),
        ("plan auger.yaml", "auger plan -f auger.yaml"),
        ("validate sub/auger.yaml", "auger validate -f sub/auger.yaml"),
        ("history show 1", "auger show 1"),
        ("-format=json plan", "auger plan --format json"),
        ("--format json plan", "auger plan --format"),
        ("--no-color -target=model.x plan", "auger plan --target model.x"),
        ("show dataset a.csv", "auger dataset show a.csv"),
        ("show model production", "auger explain model.production"),
        ("bundle deploy", "auger apply"),
        ("bundle run train", "auger experiment start --wait"),
        ("app sync x", "auger apply"),
        ("plan -chdir=x", "`-chdir=x` is `-C x` here"),
        ("plan -o json", "`-o` is `--format` here"),
        ("plan -lock-timeout=3s", "a hub needs no lock"),
        ("apply -refresh-only", "`auger plan --refresh-only` shows"),
        ("apply --server-side", "apply changes what is declared"),
        ("destroy model.prod", "auger destroy --target model.prod"),
        ("plan model.prod", "auger plan --target model.prod"),
        ("show runs", "auger experiment history"),
        ("destroy project churn", "auger project delete churn"),
        ("delete run 1A2B", "auger --help"),
        ("apply -force", "`-force` is `--auto-approve` here"),
        ("plan -force", "auger plan --help"),
        ("plan -format=json", "`-format=json` is `--format json` here"),
        ("-force plan", "no such option '-force'"),
        ("auth login -password x", "`-password` is `--password` here"),
        ("fmt -recursive", "a folder stands for all"),
        ("login", "auger auth login"),
        ("delete dataset x.csv", "auger dataset delete x.csv"),
        ("get experiments", "auger experiment list"),
        ("delete model M1", "auger model undeploy M1"),
        ("delete", "auger destroy --target ADDRESS"),
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


TYPED = [
    *COMMANDS,
    *(f"{verb} -f auger.yaml" for verb in WITH_FILE),
    *(f"{verb} {kind}{rest}" for verb in VERBS for kind in KINDS for rest in ("", "s", " x", "/x")),
    *(f"{kind} {verb}{rest}" for verb in VERBS for kind in KINDS for rest in ("", " x", " x y")),
]
"""Every line that the tables have a hint for, and more of the same sort."""
DOES = {
    "apply": ("trains", "deploys", "deletes"),
    "destroy": ("deletes",),
    "rollback": ("deploys", "deletes"),
    "experiment start": ("trains",),
    "experiment reproduce": ("trains",),
    "experiment delete": ("deletes",),
    "project delete": ("deletes",),
    "dataset delete": ("deletes",),
    "model deploy": ("deploys",),
    "model undeploy": ("deletes",),
}
"""What a command may do that costs something; all others read, or are undone as easily."""
_MAKE = ("create", "new", "add", "upload", "push")
ASKS_FOR = {
    **dict.fromkeys(
        ("up", "create -f", "bundle deploy", "app sync"), ("trains", "deploys", "deletes")
    ),
    **dict.fromkeys(("delete", "rm", "remove", "destroy", "undeploy"), ("deletes",)),
    **dict.fromkeys(("run", "train", "start"), ("trains",)),
    **dict.fromkeys(("deploy", "model download"), ("deploys",)),
    **dict.fromkeys((f"{verb} model" for verb in _MAKE), ("deploys",)),
    **dict.fromkeys(("rollout undo", "app rollback"), ("deploys", "deletes")),
}
"""What a line asks for that costs something; any other asks to see something."""


def hinted(typed: str) -> list[list[str]]:
    """Return the words of each command that a line gets as a hint."""
    words = typed.split()
    known = auger.get_command(click.Context(auger), words[0])
    path, rest = ("auger", words) if known is None else (f"auger {words[0]}", words[1:])
    is_group = isinstance(known, click.Group)
    if isinstance(known, click.Group) and rest[0] in known.list_commands(click.Context(known)):
        return []
    find = hint_for_command if is_group or known is None else hint_for_arguments
    lines = (find(path, rest) or "").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith("auger ")]


def parse(words: list[str]) -> tuple[str, dict[str, object]]:
    """Return the path of the command that a line runs, and its options, without running it."""
    context = auger.make_context("auger", [w.replace("ADDRESS", "model.x") for w in words])
    while isinstance(context.command, Group):
        given = [*context._protected_args, *context.args]
        name, command, rest = context.command.resolve_command(context, given)
        assert command
        context = command.make_context(name, rest, parent=context)
    return context.command_path.partition(" ")[2], context.params


@pytest.mark.parametrize("typed", TYPED)
def test_a_hint_can_be_typed_and_does_no_more_than_was_asked_for(typed: str, folder: Path) -> None:
    for name in ("FILE", "data.csv", "auger.yaml", "x", "y"):
        (folder / name).write_text("name: x\n")
    verb, *others = typed.replace("/", " ").split()
    kind = " ".join(one.removesuffix("s") for one in others[:1])
    asked = {verb, kind, f"{verb} {kind}", f"{kind} {verb}"}
    allowed = {effect for one in asked for effect in ASKS_FOR.get(one, ())}
    for words in hinted(typed):
        if {"--help", "--version"} & {*words}:
            continue
        path, params = parse(words)
        does = () if params.get("show_only") else DOES.get(path, ())
        assert {*does} <= allowed, f"auger {' '.join(words)}"
        if path == "destroy":
            assert params["targets"] or "-f" in words


@pytest.mark.parametrize("command", ["apply", "show"])
def test_a_file_in_the_place_of_a_saved_plan_is_told(
    command: str, user: User, folder: Path
) -> None:
    (folder / "auger.yaml").write_text("name: shop\n")
    answer = user.run(command, "auger.yaml")
    assert answer.code == 1
    assert "`auger.yaml` is no saved plan" in answer.err
    assert "`-f auger.yaml` names it as a file that declares resources" in answer.err


def test_a_verb_before_a_kind_and_behind_it_mean_the_same() -> None:
    assert (
        hinted("rm dataset x.csv") == hinted("dataset rm x.csv") == [["dataset", "delete", "x.csv"]]
    )


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
    assert all(name.startswith("--") for name in OPTIONS)
    assert all(name.startswith("-") for meant in OPTIONS.values() for name in meant)


def test_a_hint_in_json_is_the_command_alone(user: User) -> None:
    assert json.loads(user.run("--json", "ls").out)["error"]["hint"] == "auger show"

"""Translate commands and options of other tools into those of `auger`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# What people of Terraform, kubectl, MLflow, DVC and the older clients type, and what does it here.
COMMANDS = {
    "init": "auger new NAME --source data.csv --target COLUMN",
    "create": "auger new NAME --source data.csv --target COLUMN",
    "state": "auger show",
    "output": "auger show --json",
    "list": "auger show",
    "ls": "auger show",
    "get": "auger show",
    "status": "auger show",
    "describe": "auger explain ADDRESS",
    "import": "auger pull PROJECT",
    "refresh": "auger plan --refresh-only",
    "diff": "auger plan",
    "preview": "auger plan",
    "up": "auger apply",
    "run": "auger apply",
    "train": "auger experiment start --wait",
    "start": "auger experiment start --wait",
    "stop": "auger experiment stop",
    "delete": "auger destroy",
    "down": "auger destroy",
    "taint": "auger plan --replace ADDRESS",
    "workspace": "auger plan --env NAME",
    "format": "auger fmt",
    "check": "auger validate",
    "lint": "auger validate",
    "help": "auger --help",
    "version": "auger --version",
    "login": "auger auth login",
    "logout": "auger auth logout",
    "whoami": "auger auth whoami",
    "leaderboard": "auger experiment leaderboard",
    "experiments": "auger experiment list",
    "runs": "auger experiment history",
    "models": "auger model list",
    "datasets": "auger dataset list",
    "projects": "auger project list",
    "predict": "auger model predict FILE --model-id ID",
    "evaluate": "auger model evaluate FILE --model-id ID",
    "score": "auger model evaluate FILE --model-id ID",
    "deploy": "auger model deploy MODEL_ID",
    "export": "auger model export MODEL_ID",
    "compare": "auger experiment compare RUN RUN",
    "undeploy": "auger model undeploy MODEL_ID",
    "upload": "auger dataset create FILE",
    "ui": "auger hub open",
    "server": "auger hub start",
    "serve": "auger hub serve",
    "logs": "auger hub logs",
    "dataset upload": "auger dataset create FILE",
    "dataset add": "auger dataset create FILE",
    "experiment create": "auger experiment start",
    "experiment run": "auger experiment start --wait",
    "experiment show": "auger experiment leaderboard",
    "experiment wait": "auger wait",
    "project show": "auger show",
    "project new": "auger new NAME",
    "model create": "auger model deploy MODEL_ID",
    "model delete": "auger model undeploy MODEL_ID",
    "model download": "auger model deploy MODEL_ID --locally",
    "model show": "auger model list",
    "auth status": "auger auth whoami",
    "console": "auger hub open",
    "untaint": "auger explain ADDRESS",
    "test": "auger policy test",
    "rollout": "auger rollback ADDRESS",
    "rollout status": "auger wait",
    "models serve": "auger model serve MODEL_ID",
    "models predict": "auger model predict FILE --model-id ID",
    "models build-docker": "auger model serve MODEL_ID --dockerfile",
}
# A verb of kubectl that stands before the kind, and what each kind calls it.
_VERBS = {"get": "list", "list": "list", "describe": "list", "create": "create", "delete": "delete"}
_VERBS_OF = {
    "project": {"list": "list", "create": "create", "delete": "delete"},
    "dataset": {"list": "list", "create": "create", "delete": "delete"},
    "experiment": {"list": "list", "create": "start", "delete": "delete"},
    "model": {"list": "list", "create": "deploy", "delete": "undeploy"},
}
# What a line of the file does here, and no command.
WRITTEN = {
    "state mv": "`moved: [{from: model.old, to: model.new}]` in auger.yaml renames it",
    "state rm": "`removed: [{address: model.old}]` in auger.yaml forgets without deleting",
    "force-unlock": "a hub needs no lock",
    "edit": "auger.yaml is edited, and then applied",
    "scale": "`cluster: {max_nodes: 4}` in auger.yaml is the size of a project",
}
_CONSENT = ("--auto-approve", "--yes")  # a command has one of them, where it asks
OPTIONS = dict.fromkeys(("--yes", "--y", "--force", "--approve", "--auto-approve"), _CONSENT)
# Options that other tools have and that nothing here needs.
NEEDLESS = {
    "--type": "what is drawn is the plan",
    "--draw-cycles": "no plan has any",
    "--input": "nothing is asked without a terminal",
    "--refresh": "the hub is read each time",
    "--lock": "a hub needs no lock",
    "--recursive": "a folder stands for all that is below it",
    "--compact-warnings": "warnings are one block each",
    "--auto-approve": "a plan changes nothing; `auger apply` has it",
    "--dry-run": "`auger plan` shows what apply would do",
    "--var-file": "`--var K=V`, AUGER_VAR_name or an overlay (`--env`) set variables",
}


def hint_for_command(path: str, words: Sequence[str]) -> str | None:
    """Return what does here what a command does elsewhere, or None.

    Args:
        path: of the group, such as `auger model`.
        words: the one that it does not have, and what follows.
    """
    group = path.partition(" ")[2]
    kind = words[1].removesuffix("s") if len(words) > 1 and not group else ""
    if kind in _VERBS_OF and words[0] in _VERBS:  # kubectl's order: `delete dataset x.csv`
        verb = _VERBS_OF[kind].get(_VERBS[words[0]])
        if verb:
            return "\n" + " ".join(("auger", kind, verb, *map(shlex.quote, words[2:])))
    for count in (2, 1):
        typed = " ".join((group, *words[:count])).strip()
        if typed in COMMANDS:
            return f"\n{COMMANDS[typed]}"
        if typed in WRITTEN:
            return WRITTEN[typed]
    return None


class Habit(NamedTuple):
    """An option of another tool, as it was typed, and what does it here."""

    typed: str
    hint: str


def find_habit(arguments: Iterable[str], known: Iterable[str]) -> Habit | None:
    """Return the first option of another tool with what is meant by it, or None.

    Args:
        arguments: of the command line.
        known: the options of the command.
    """
    options = set(known)
    for given in arguments:
        name, equals, value = given.partition("=")
        if not name.startswith("-") or name in options:
            continue
        long = f"--{name.lstrip('-').replace('_', '-')}"
        for meant in (long, *OPTIONS.get(long, ())):
            if meant in options:
                said = f"{meant} {value}" if equals else meant
                return Habit(name, f"`{given}` is `{said}` here")
        if long in NEEDLESS:
            return Habit(name, f"`{given}` is not needed: {NEEDLESS[long]}")
    return None

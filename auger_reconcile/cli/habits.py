"""Translate commands and options of other tools into those of `auger`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# What people of Terraform, kubectl, MLflow, DVC and the older clients type, and what does it here.
# Who asks to see something is led to a command that shows; nobody to one that trains, deploys or
# deletes more than they typed.
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
    "down": "auger plan --destroy",
    "run": "auger experiment start --wait",
    "train": "auger experiment start --wait",
    "start": "auger experiment start\nauger project start\nauger hub start",
    "stop": "auger experiment stop\nauger project stop\nauger hub stop",
    "delete": "auger destroy --target ADDRESS",
    "rm": "auger destroy --target ADDRESS",
    "taint": "auger plan --replace ADDRESS",
    "untaint": "auger explain ADDRESS",
    "workspace": "auger plan --env NAME",
    "format": "auger fmt",
    "check": "auger validate",
    "lint": "auger validate",
    "test": "auger policy test",
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
    "console": "auger hub open",
    "server": "auger hub start",
    "serve": "auger model serve MODEL_ID",
    "logs": "auger hub logs",
    "bundle deploy": "auger apply",
    "bundle destroy": "auger plan --destroy",
    "bundle init": "auger new NAME --source data.csv --target COLUMN",
    "bundle run": "auger experiment start --wait",
    "bundle summary": "auger show",
    "bundle validate": "auger validate",
    "app diff": "auger plan",
    "app get": "auger show",
    "app history": "auger history",
    "app rollback": "auger rollback ADDRESS",
    "app sync": "auger apply",
    "stack ls": "auger show",
    "rollout": "auger history",
    "rollout history": "auger history",
    "rollout restart": "auger plan --replace ADDRESS",
    "rollout status": "auger wait",
    "rollout undo": "auger rollback ADDRESS",
    "auth status": "auger auth whoami",
    "project show": "auger show",
    "experiment show": "auger experiment leaderboard",
    "experiment wait": "auger wait",
    "model download": "auger model deploy MODEL_ID --locally",
    "models serve": "auger model serve MODEL_ID",
    "models predict": "auger model predict FILE --model-id ID",
    "models build-docker": "auger model serve MODEL_ID --dockerfile",
}
# What the verbs of other tools mean, before a kind or behind it.
VERBS = {
    **dict.fromkeys(("list", "ls"), "list"),
    **dict.fromkeys(("get", "show", "describe", "inspect", "status"), "show"),
    **dict.fromkeys(("create", "new", "add", "upload", "push"), "create"),
    **dict.fromkeys(("delete", "rm", "remove", "destroy"), "delete"),
    **dict.fromkeys(("select", "use", "switch", "set"), "select"),
    **dict.fromkeys(("start", "run", "train", "up"), "start"),
    **dict.fromkeys(("stop", "down", "cancel"), "stop"),
}
# What it is called for each kind; the capitals are the name that was typed, if any.
KINDS = {
    "project": {
        "list": "auger project list",
        "show": "auger explain project.NAME",
        "create": "auger project create NAME",
        "delete": "auger project delete NAME",
        "select": "auger project select NAME",
        "start": "auger project start [NAME]",
        "stop": "auger project stop [NAME]",
    },
    "dataset": {
        "list": "auger dataset list",
        "show": "auger dataset show NAME",
        "create": "auger dataset create FILE",
        "delete": "auger dataset delete NAME",
        "select": "auger dataset select NAME",
    },
    "experiment": {
        "list": "auger experiment list",
        "show": "auger explain experiment.NAME",
        "create": "auger experiment start [NAME] --plan",
        "delete": "auger experiment delete NAME",
        "select": "auger experiment select NAME",
        "start": "auger experiment start [NAME] --wait",
        "stop": "auger experiment stop [NAME]",
    },
    "model": {
        "list": "auger model list",
        "show": "auger explain model.NAME",
        "create": "auger model deploy MODEL_ID",
        "delete": "auger model undeploy MODEL_ID",
    },
    "run": {
        "list": "auger experiment history",
        "show": "auger experiment leaderboard RUN_ID",
        "start": "auger experiment start --wait",
        "stop": "auger experiment stop",
    },
    "hub": {
        "list": "auger hub status",
        "show": "auger hub status",
        "start": "auger hub start",
        "stop": "auger hub stop",
    },
    "cluster": {
        "list": "auger show",
        "show": "auger show",
        "start": "auger project start",
        "stop": "auger project stop",
    },
}
_NAME = re.compile(r" ?\[([A-Z_]+)\]|([A-Z_]{2,})")
# A verb of kubectl with `-f FILE`.
WITH_FILE = {
    "create": "auger apply",
    "delete": "auger destroy",
    "diff": "auger plan",
    "get": "auger show",
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
OPTIONS = dict.fromkeys(("--yes", "--y", "--force", "--approve", "--auto-approve"), _CONSENT) | {
    "--chdir": ("-C",),
    "--o": ("--format",),
    "--output": ("--format",),
}
# Options that other tools have and that nothing here needs.
NEEDLESS = {
    "--type": "what is drawn is the plan",
    "--draw-cycles": "no plan has any",
    "--input": "nothing is asked without a terminal",
    "--refresh": "the hub is read each time",
    "--lock": "a hub needs no lock",
    "--lock-timeout": "a hub needs no lock",
    "--parallelism": "what can be done beside each other is",
    "--refresh-only": "`auger plan --refresh-only` shows what has drifted",
    "--server-side": "apply changes what is declared, and nothing besides",
    "--for": "what is declared is waited for",
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
    typed = [*path.split()[1:], *words]
    two, one = " ".join(typed[:2]), typed[0]
    if two in WRITTEN or one in WRITTEN:
        return WRITTEN.get(two) or WRITTEN[one]
    if one in WITH_FILE and typed[1:2] == ["-f"] and len(typed) > 2:
        return f"\n{WITH_FILE[one]} -f {shlex.quote(typed[2])}"
    if two in COMMANDS and not (len(typed) > 2 and _find_kind(typed)):
        return f"\n{COMMANDS[two]}"
    if found := _find_kind(typed):
        return _say_of_kind(*found)
    return f"\n{COMMANDS[one]}" if one in COMMANDS else None


def hint_for_arguments(path: str, given: Sequence[str]) -> str | None:
    """Return what does here what a command with arguments does elsewhere, or None.

    Args:
        path: of the command, which takes fewer arguments, such as `auger plan`.
        given: all that follows it.
    """
    words = [word for word in given if not word.startswith("-")]
    if words and words[0].endswith((".yaml", ".yml")):
        return f"\n{path} -f {shlex.quote(words[0])}"
    if path in {"auger plan", "auger destroy"} and words and "." in words[0]:
        return f"\n{path} --target {shlex.quote(words[0])}"
    if path == "auger history" and words[:1] == ["show"] and len(words) == 2:
        return f"\nauger show {shlex.quote(words[1])}"
    found = _find_kind([*path.split()[1:], *given])
    return _say_of_kind(*found) if found else None


def _find_kind(typed: Sequence[str]) -> tuple[str, str, list[str]] | None:
    """Return the kind, the meaning of the verb, and names: `delete dataset/x`, `datasets rm x`."""
    words = [part for word in typed[:2] for part in word.split("/", 1)] + list(typed[2:])
    for verb, kind in (words[:2], words[1::-1]) if len(words) > 1 else ():
        one = kind.lower().removesuffix("s")
        if verb in VERBS and one in KINDS:
            names = words[2:]
            options = (at for at, name in enumerate(names) if name.startswith("-"))
            return one, VERBS[verb], names[: next(options, None)]
    return None


def _say_of_kind(kind: str, meant: str, names: Sequence[str]) -> str | None:
    """Return the command for each of the names, or None where there is none."""
    if meant == "show" and not names:
        meant = "list"
    command = KINDS[kind].get(meant)
    if not command:
        return None
    named = (_fill(command, shlex.quote(name)) for name in names)
    bare = _NAME.sub(lambda found: found[2] or "", command)  # in brackets, it may be left out
    return "\n" + "\n".join(dict.fromkeys(named) or [bare])


def _fill(command: str, name: str) -> str:
    return _NAME.sub(lambda found: f" {name}" if found[1] else name, command)


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

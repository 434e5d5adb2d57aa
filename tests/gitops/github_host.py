"""Run workflows as GitHub does: events, expressions, steps, local actions, artifacts, and `gh`.

What the templates do not use is not there, and is an error: nothing passes for the empty text.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .origin import Origin, git, make_programs, run_script

TOKEN = "gh-token"  # that of fake_github
READ_ONLY = "token-of-a-fork"
ACTIONS = "actions/"
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_PATH = re.compile(r"[a-z_]+(\.[A-Za-z0-9_-]+)+")
_EVENTS = {"pull_request": ("opened", "synchronize", "reopened")}  # without `types`
# `gh`, as far as the workflows use it; it refuses what their permissions do not allow.
GH = """\
#!{python}
import json, os, pathlib, shutil, sys
state = pathlib.Path(os.environ["GH_STATE"])
may = json.loads(os.environ["GH_PERMISSIONS"])
words = sys.argv[1:]
given = dict(zip(words[2::2], words[3::2])) if words[1] != "download" else {}
assert os.environ["GH_TOKEN"] == "gh-token", "gh: not logged in"
if words[:2] == ["run", "list"]:
    assert may["actions"] == "read" and given["--jq"] == ".[0].databaseId"
    wanted = given["--workflow"], given["--commit"], given["--status"]
    runs = json.loads((state / "runs.json").read_text())
    found = [r["id"] for r in runs if (r["workflow"], r["head"], r["status"]) == wanted]
    print(found[-1] if found else "")
elif words[:2] == ["run", "download"]:
    assert may["actions"] == "read" and words[3] == "--name"
    source = state / "artifacts" / words[2] / words[4]
    if not words[2] or not source.is_dir():
        sys.exit("gh: no valid artifacts found to download")
    shutil.copytree(source, ".", dirs_exist_ok=True)
elif words[:2] == ["pr", "create"]:
    assert may["pull-requests"] == "write"
    with (state / "pulls.jsonl").open("a") as file:
        file.write(json.dumps(given) + "\\n")
else:
    sys.exit(f"gh: {words}")
"""


@dataclass
class Run:
    """What came of one workflow.

    Attributes:
        status: `success`, `failure` or `skipped`.
        folder: where its last job ran.
    """

    id: int
    workflow: str
    head: str
    status: str = "skipped"
    log: str = ""
    folder: Path = Path()
    outputs: dict[str, Any] = field(default_factory=dict)


class GitHub:
    """A repository on GitHub with its workflows."""

    def __init__(self, origin: Origin, folder: Path, api: str, secrets: Mapping[str, str]) -> None:
        self.origin, self.folder, self.secrets = origin, folder, secrets
        folder.mkdir()
        self.environ = {
            **make_programs(folder / "bin", gh=GH),
            "GITHUB_API_URL": api,
            "GITHUB_REPOSITORY": "acme/models",
            "GH_STATE": str(folder),
        }
        self.runs: list[Run] = []

    @property
    def pulls(self) -> list[dict[str, str]]:
        """The pull requests that jobs have made."""
        made = self.folder / "pulls.jsonl"
        return [json.loads(line) for line in made.read_text().splitlines()] if made.exists() else []

    def change_pull_request(
        self, branch: str, action: str, *, merged: str = "", is_fork: bool = False
    ) -> list[Run]:
        """Tell of something that happened to pull request 5; return the runs of that."""
        head = git(self.origin.work, "rev-parse", branch)
        event = {
            "action": action,
            "pull_request": {
                "number": 5,
                "merged": bool(merged),
                "merge_commit_sha": merged,
                "head": {"sha": head},
                "base": {"ref": "main"},
            },
        }
        github = {"ref": "refs/pull/5/merge", "base_ref": "main", "head_ref": branch}
        github["sha"] = merged or self.origin.as_merged(branch)
        return self._begin("pull_request", event, github, head, is_fork=is_fork)

    def wait_for_morning(self) -> list[Run]:
        """Let the schedules begin; return their runs."""
        sha = git(self.origin.bare, "rev-parse", "main")
        return self._begin("schedule", {}, {"ref": "refs/heads/main", "sha": sha}, sha)

    def _begin(
        self,
        name: str,
        event: Mapping[str, Any],
        github: Mapping[str, str],
        head: str,
        *,
        is_fork: bool = False,
    ) -> list[Run]:
        source = self.folder / f"event-{len(self.runs)}-{name}"
        self.origin.check_out(github["sha"], source)
        begun = []
        for path in sorted((source / ".github" / "workflows").glob("*.yml")):
            flow = yaml.safe_load(path.read_text())
            if not _is_meant(flow[True], name, event.get("action")):  # `on`, in YAML 1.1
                continue
            run = Run(len(self.runs) + 1, path.name, head)
            token = READ_ONLY if is_fork else TOKEN
            told = {**github, "event": event, "event_name": name, "run_id": run.id, "token": token}
            contexts: dict[str, Any] = {
                "github": told,
                "secrets": {} if is_fork else self.secrets,
                "vars": {"AUGER_INSTALL": "auger-reconcile @ git+https://host/repository@commit"},
            }
            for job in flow["jobs"].values():
                _Job(self, run, contexts, flow["permissions"]).run(job)
            self.runs.append(run)
            begun.append(run)
        listed = [
            {"id": r.id, "workflow": r.workflow, "head": r.head, "status": r.status}
            for r in self.runs
        ]
        (self.folder / "runs.json").write_text(json.dumps(listed))
        return begun


class _Job:
    def __init__(
        self, host: GitHub, run: Run, contexts: Mapping[str, Any], permissions: Mapping[str, str]
    ) -> None:
        self._host, self._run, self._contexts = host, run, contexts
        github = contexts["github"]
        self._environ = {
            **host.environ,
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": str(github["event_name"]),
            "GITHUB_REF": github["ref"],
            "GITHUB_REF_NAME": github["ref"].split("/", 2)[2],
            "GITHUB_BASE_REF": github.get("base_ref", ""),
            "GITHUB_HEAD_REF": github.get("head_ref", ""),
            "GITHUB_SHA": github["sha"],
            "GH_PERMISSIONS": json.dumps(permissions),
        }

    def run(self, job: Mapping[str, Any]) -> None:
        if "if" in job and not _value(job["if"], self._contexts):
            return
        self._run.folder = self._host.folder / f"run-{self._run.id}"
        self._run.status = "success"
        self._run_steps(job["steps"], self._contexts)

    def _run_steps(self, steps: list[Mapping[str, Any]], contexts: Mapping[str, Any]) -> None:
        done: dict[str, Any] = {}
        for step in steps:
            known = {**contexts, "steps": done}
            if self._run.status == "failure" and step.get("if") != "always()":
                continue
            inputs = {k: _filled(v, known) for k, v in step.get("with", {}).items()}
            uses = step.get("uses", "")
            if uses.startswith("./"):
                self._act(self._run.folder / uses, inputs, known)
            elif uses:
                self._act_for_github(uses.removeprefix(ACTIONS).partition("@")[0], inputs)
            else:
                done[step.get("id", "")] = {"outputs": self._shell(step, known)}

    def _act(self, action: Path, given: Mapping[str, str], contexts: Mapping[str, Any]) -> None:
        told = yaml.safe_load((action / "action.yml").read_text())
        assert given.keys() <= told["inputs"].keys()
        inputs = {
            name: given.get(name, _filled(one.get("default", ""), contexts))
            for name, one in told["inputs"].items()
        }
        github = {**contexts["github"], "action_path": str(action)}
        self._run_steps(told["runs"]["steps"], {"github": github, "inputs": inputs})

    def _act_for_github(self, name: str, inputs: Mapping[str, str]) -> None:
        folder = self._run.folder
        if name == "checkout":
            sha = inputs.get("ref") or self._contexts["github"]["sha"]
            self._host.origin.check_out(sha, folder)
        elif name == "upload-artifact":
            kept = self._host.folder / "artifacts" / str(self._run.id) / inputs["name"]
            kept.mkdir(parents=True)
            shutil.copy(folder / inputs["path"], kept)
        else:
            assert name == "setup-python"

    def _shell(self, step: Mapping[str, Any], contexts: Mapping[str, Any]) -> dict[str, str]:
        output, summary = (self._host.folder / f"{name}-{self._run.id}" for name in ("out", "sum"))
        output.write_text("")
        given = {name: _filled(text, contexts) for name, text in step.get("env", {}).items()}
        places = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
        done = run_script(step["run"], self._run.folder, {**self._environ, **places, **given})
        self._run.log += f"{done.stdout}{done.stderr}\nexit {done.returncode}\n"
        if done.returncode:
            self._run.status = "failure"
        told = dict(line.split("=", 1) for line in output.read_text().splitlines())
        self._run.outputs |= told
        return told


def _is_meant(on: Mapping[str, Any], name: str, action: str | None) -> bool:
    if name not in on:
        return False
    types = on[name].get("types") if isinstance(on[name], dict) else None
    return action is None or action in (types or _EVENTS[name])


def _filled(text: Any, contexts: Mapping[str, Any]) -> str:
    """Return a text with its expressions replaced."""

    def fill(found: re.Match[str]) -> str:
        value = _value(found[1], contexts)
        return "" if value is None else str(value)

    return _EXPRESSION.sub(fill, str(text))


def _value(expression: str, contexts: Mapping[str, Any]) -> Any:
    """Return what a path of names stands for; a secret or variable that is not there is nothing."""
    assert _PATH.fullmatch(expression), f"no expression that is known here: {expression}"
    head, *names = expression.split(".")
    value: Any = contexts[head]
    for name in names:
        value = value.get(name) if head in ("secrets", "vars", "steps") else value[name]
    return value


def texts(runs: list[Run]) -> Iterator[str]:
    """Yield what each run says, for a test that fails."""
    for run in runs:
        yield f"{run.workflow}: {run.status}\n{run.log}"

"""Run pipelines as GitLab does: rules, stages, variables, scripts, artifacts, and its API.

What the template does not use is not there, and is an error.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .fake_gitlab import TOKEN
from .origin import Origin, git, make_programs, run_script

_COMPARED = re.compile(r'\$(\w+) == (?:\$(\w+)|"([^"]*)")')
_VARIABLE = re.compile(r"\$(\w+)")
# Notes what a push asks the host for.
HOOK = '#!/bin/sh\nenv | grep ^GIT_PUSH_OPTION_ >> "{asked}" || true\n'


@dataclass(frozen=True)
class Job:
    """What came of one job."""

    status: str
    log: str
    folder: Path


class GitLab:
    """A project on GitLab.

    Attributes:
        answers: of its API, by path below the project.
        unprotected: the variables that every pipeline gets, `protected` those of the main branch.
    """

    def __init__(self, folder: Path, credentials: str | None) -> None:
        self.folder = folder
        folder.mkdir()
        self.origin = Origin.make(folder / "acme" / "models.git", folder / "work")
        self.asked = folder / "asked"
        hook = self.origin.bare / "hooks" / "post-receive"
        hook.write_text(HOOK.replace("{asked}", str(self.asked)))
        hook.chmod(0o755)
        self.answers: dict[str, Any] = {}
        self.unprotected = {"AUGER_INSTALL": "auger-reconcile"}
        if credentials is not None:
            file = folder / "credentials"
            file.write_text(credentials)
            self.unprotected["AUGER_CREDENTIALS_FILE"] = str(file)
        self.protected = {"AUGER_PUSH_TOKEN": TOKEN}
        self.environ = make_programs(folder / "bin")
        self.pipelines = 0

    def propose(self, branch: str) -> dict[str, Job]:
        """Run the pipeline of merge request 5, whose head a branch is now."""
        sha = git(self.origin.work, "rev-parse", branch)
        jobs = self._run(
            sha,
            {
                "CI_PIPELINE_SOURCE": "merge_request_event",
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
                "CI_COMMIT_REF_NAME": branch,
            },
        )
        number = self.pipelines
        known = self.answers.get("merge_requests/5/pipelines", [])
        self.answers["merge_requests/5/pipelines"] = [{"id": number, "sha": sha}, *known]
        listed = []
        for place, (name, job) in enumerate(jobs.items()):
            listed.append({"id": f"{number}{place}", "name": name, "status": job.status})
            for file in (job.folder / "artifacts").glob("*"):
                self.answers[f"jobs/{number}{place}/artifacts/{file.name}"] = file.read_bytes()
        self.answers[f"pipelines/{number}/jobs"] = listed
        return jobs

    def merge(self, branch: str, api: str) -> dict[str, Job]:
        """Merge the request; run the pipeline of the push, its manual jobs included."""
        head, sha = git(self.origin.work, "rev-parse", branch), self.origin.merge(branch)
        merged = {"iid": 5, "state": "merged", "sha": head, "target_branch": "main"}
        self.answers[f"repository/commits/{sha}/merge_requests"] = [merged]
        return self._run(
            sha, {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_API_V4_URL": api}
        )

    def wait_for_morning(self) -> dict[str, Job]:
        """Run the scheduled pipeline."""
        sha = git(self.origin.bare, "rev-parse", "main")
        return self._run(sha, {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"})

    def _run(self, sha: str, told: Mapping[str, str]) -> dict[str, Job]:
        self.pipelines += 1
        file = yaml.safe_load(git(self.origin.bare, "show", f"{sha}:.gitlab-ci.yml"))
        variables = {
            "CI_COMMIT_SHA": sha,
            "CI_DEFAULT_BRANCH": "main",
            "CI_PIPELINE_ID": str(self.pipelines),
            "CI_PROJECT_ID": "7",
            "CI_PROJECT_PATH": "acme/models",
            "CI_SERVER_URL": f"file://{self.folder}",
            **self.unprotected,
            **(self.protected if told.get("CI_COMMIT_BRANCH") == "main" else {}),
            **told,
        }
        default = file.pop("default")
        jobs = {name: job for name, job in file.items() if isinstance(job, dict)}
        done: dict[str, Job] = {}
        for stage in file["stages"]:
            if any(job.status == "failed" for job in done.values()):
                break
            for name, job in jobs.items():
                if job["stage"] == stage and _is_meant(job["rules"], variables):
                    done[name] = self._run_job(name, {**default, **job}, variables)
        return done

    def _run_job(self, name: str, job: Mapping[str, Any], told: Mapping[str, str]) -> Job:
        folder = self.folder / f"job-{self.pipelines}-{name}"
        folder.mkdir()
        work = folder / "builds"
        self.origin.check_out(told["CI_COMMIT_SHA"], work)
        own = {key: _expand(text, told) for key, text in job.get("variables", {}).items()}
        environ = {**self.environ, "GITLAB_CI": "true", **told, **own}
        done = run_script("\n".join([*job["before_script"], *job["script"]]), work, environ)
        log = f"{done.stdout}{done.stderr}\nexit {done.returncode}\n"
        if after := job.get("after_script"):  # a shell of its own, whose failure changes nothing
            later = run_script("\n".join(after), work, environ)
            log += f"{later.stdout}{later.stderr}\nafterwards {later.returncode}\n"
        (folder / "artifacts").mkdir()
        for pattern in job.get("artifacts", {}).get("paths", ()):
            for file in work.glob(pattern):
                shutil.copy(file, folder / "artifacts")
        return Job("failed" if done.returncode else "success", log, folder)


def _is_meant(rules: list[Mapping[str, str]], variables: Mapping[str, str]) -> bool:
    return any(
        all(_is_true(part.strip(), variables) for part in rule["if"].split("&&")) for rule in rules
    )


def _is_true(text: str, variables: Mapping[str, str]) -> bool:
    found = _COMPARED.fullmatch(text)
    assert found, f"no comparison that is known here: {text}"
    right = variables.get(found[2]) if found[2] else found[3]
    return variables.get(found[1]) == right


def _expand(text: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: variables[found[1]], text)

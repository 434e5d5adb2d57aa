"""One life of a client: commands in a folder of its own, and what their output must say."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 180.0  # seconds
PAUSE = 1.0


class StepFailed(Exception):
    """A client did not say what it says when all went well; the text is all it said."""


@dataclass(frozen=True)
class Step:
    """What was asked, and the client's own words of success."""

    name: str
    words: str


@dataclass
class Life:
    """Runs the programs of one environment, and notes every step.

    Attributes:
        programs: folder of the client's environment.
        home: of the client's own files, so that nothing of the user is touched.
        folder: where the commands run.
        user: url, username, password, organization and cluster_mode on the hub.
    """

    programs: Path
    home: Path
    folder: Path
    user: Mapping[str, str]
    steps: list[Step] = field(default_factory=list)

    def step(self, name: str, *command: str, says: str) -> re.Match[str]:
        """Run a command of the client; return where its output says what it must.

        Raises:
            StepFailed: it does not.
        """
        return self._note(name, says, self._run(command))

    def step_until(self, name: str, *command: str, says: str) -> re.Match[str]:
        """Repeat a command that only looks, until it says what is waited for."""
        deadline = time.monotonic() + PATIENCE
        output = self._run(command)
        while not re.search(says, output) and time.monotonic() < deadline:
            time.sleep(PAUSE)
            output = self._run(command)
        return self._note(name, says, output)

    def step_each(self, *command: str, says: str, last: str) -> None:
        """Run a program that tells many steps, a line each; its last step must be there."""
        output = self._run(command)
        self.steps += [Step(found["name"], found["words"]) for found in re.finditer(says, output)]
        if not self.steps or self.steps[-1].name != last:
            raise StepFailed(output)

    def note(self, name: str, words: str) -> None:
        """Note what was found without a command."""
        self.steps.append(Step(name, words))

    def script(self, code: str, *arguments: str) -> Sequence[str]:
        """Return the command that runs some Python with the client's library."""
        return ("python", "-W", "ignore", "-c", code, *arguments)

    def _note(self, name: str, says: str, output: str) -> re.Match[str]:
        found = re.search(says, output)
        if found is None:
            raise StepFailed(f"{name}: no `{says}` in\n{output}")
        self.steps.append(Step(name, " ".join(found.group().split())))
        return found

    def _run(self, command: Sequence[str]) -> str:
        program, *arguments = command
        kept = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
        env = {**kept, "HOME": str(self.home), "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        return done.stdout

"""Stories: what a user types, sees and sends, against a hub that has what `hub.json` says.

`UPDATE_GOLDEN=1 pytest tests/cli/test_golden.py` writes `session.txt` of every story anew; read the
difference before you keep it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

from .conftest import User
from .static_hub import StaticHub, serve

GOLDEN = Path(__file__).parent / "golden"
STORIES = sorted(path.parent.name for path in GOLDEN.glob("*/session.txt"))
PROMPT = "$ "
CHANGING = {  # with the machine's pace, or with any default of a setting
    r"(127\.0\.0\.1):\d+": r"\1:PORT",
    r" after \d+\.\d s": "",
    r'"seconds": [\d.]+': '"seconds": 0',
    r'"config_digest": "[0-9a-f]{64}"': '"config_digest": "DIGEST"',
}


@pytest.mark.parametrize("story", STORIES)
def test_a_story_is_told_as_written(
    story: str, folder: Path, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(GOLDEN / story, folder, dirs_exist_ok=True)
    written = (GOLDEN / story / "session.txt").read_text(encoding="utf-8")
    commands = [line[2:] for line in written.splitlines() if line.startswith(PROMPT)]
    with serve(json.loads((GOLDEN / story / "hub.json").read_text())) as hub:
        monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
        told = "\n".join(tell(user, hub, command) for command in commands)
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / story / "session.txt").write_text(told, encoding="utf-8")
    assert told == written


def tell(user: User, hub: StaticHub, command: str) -> str:
    """Return a command with its output, its exit code and the requests it sent."""
    hub.asked.clear()
    answer = user.run(*shlex.split(command)[1:])
    err = "".join(f"2> {line}\n" for line in answer.err.splitlines())
    sent = ", ".join(sorted(set(hub.asked))) or "nothing"
    text = f"{PROMPT}{command}\n{answer.out}{err}[exit {answer.code}, sent {sent}]\n"
    text = text.replace(hub.url, "http://127.0.0.1:PORT").replace("2> \n", "2>\n")
    for changing, shown in CHANGING.items():
        text = re.sub(changing, shown, text)
    return text

"""The life of auger-hub-api-client, the library under the commands, in both its years."""

from __future__ import annotations

from pathlib import Path

from tests.hub.clients.life import Life

SCRIPT = Path(__file__).with_name("hub_client_script.py")
LINE = r"(?m)^(?P<name>[^\t\n]+)\t(?P<words>.*)$"


def live(life: Life) -> None:
    """Run the script with the library's own Python; each of its lines is a step."""
    user = life.user
    arguments = (user["url"], user["username"], user["password"], user["organization"])
    command = life.script(SCRIPT.read_text(encoding="utf-8"), *arguments, "iris.csv")
    life.step_each(*command, says=LINE, last="the end")

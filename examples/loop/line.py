"""The line that asks the model about each part, and learns a little later what was true.

It knows one name, the endpoint `parts`, and never which model answers.
"""

from __future__ import annotations

import json
import random
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COLUMNS = ["temperature", "vibration", "pressure", "shift"]
SHIFTS = ["early", "late", "night"]
NOISE = 0.02
AT_ONCE = 50


def draw_part(chance: random.Random) -> list[Any]:
    """Return what the sensors say of a part."""
    temperature = round(chance.gauss(70, 8), 1)
    vibration = round(chance.gauss(3, 0.8), 2)
    pressure = round(chance.gauss(5, 0.7), 2)
    return [temperature, vibration, pressure, chance.choice(SHIFTS)]


def is_faulty(part: list[Any], world: str, chance: random.Random) -> str:
    """Return the truth about a part.

    In the `old` world heat makes faults. The machine is rebuilt: in the `new` one heat is harmless,
    and parts of a low pressure are faulty. In the `poisoned` one the inspector tosses a coin.
    """
    temperature, _, pressure, _ = part
    if world == "poisoned":
        return chance.choice(["yes", "no"])
    wrong = temperature > 70 if world == "old" else pressure < 5
    return "yes" if wrong != (chance.random() < NOISE) else "no"


@dataclass(frozen=True)
class Line:
    """Speaks to a hub as any application does: by its REST API.

    Args:
        home: folder of the hub, which has address and token.
    """

    home: Path

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Send a request; return the data of its answer."""
        known = json.loads((self.home / "auger.json").read_text(encoding="utf-8"))
        request = urllib.request.Request(
            f"{known['api_url']}/api/v1{path}",
            data=json.dumps({**body, "token": known["token"]}).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    def endpoint(self) -> str:
        """Return the id of the endpoint that the monitor of the model has."""
        return str(self.ask("GET", "/endpoints", name="parts")[0]["id"])

    def run_day(self, day: str, world: str, count: int, seed: int) -> float:
        """Ask about the parts of a day, then say what was true; return how often it was right."""
        chance = random.Random(seed)
        path, right, sent = f"/endpoints/{self.endpoint()}", 0, []
        for _ in range(count // AT_ONCE):
            parts = [draw_part(chance) for _ in range(AT_ONCE)]
            truths = [is_faulty(part, world, chance) for part in parts]
            answer = self._answer(f"{path}/predictions", parts, f"{day}T12:00:00Z")
            said = self._said(answer)
            right += sum(one == truth for one, truth in zip(said, truths, strict=True))
            sent += [{"prediction_id": answer["id"], "actual": truth} for truth in truths]
        self.ask("POST", f"{path}/actuals", actuals=sent)
        return right / len(sent)

    def _answer(self, path: str, parts: list[list[Any]], at: str) -> dict[str, Any]:
        asked = self.ask("POST", path, records=parts, features=COLUMNS, predicted_at=at, wait=True)
        while asked["status"] not in ("done", "error"):
            time.sleep(0.2)
            asked = self.ask("GET", f"{path}/{asked['id']}")
        return dict(asked)

    def _said(self, asked: dict[str, Any]) -> list[Any]:
        if asked["status"] == "error":
            raise RuntimeError(asked["error_message"])
        result = asked["result"]
        place = result["columns"].index("faulty")
        return [row[place] for row in result["data"]]

"""A real Chromium without a window, told what to do through a pipe (Chrome DevTools Protocol)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

PROGRAM = shutil.which("chromium")
_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--remote-debugging-pipe"),
)


class Tab:
    """One page of the browser."""

    def __init__(self, to_browser: IO[bytes], from_browser: IO[bytes]) -> None:
        self._to, self._from = to_browser, from_browser
        self._number = 0
        self._session: str | None = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def open(self, url: str) -> None:
        """Go to an address."""
        self._call("Page.navigate", url=url)

    def ask(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while True:
            answer = json.loads(self._read())
            if answer.get("id") == self._number:
                assert "result" in answer, answer
                return dict(answer["result"])

    def _read(self) -> bytes:
        text = bytearray()
        while (byte := self._from.read(1)) != b"\0":
            assert byte, "the browser ended"
            text += byte
        return bytes(text)


@contextmanager
def open_tab(folder: Path) -> Iterator[Tab]:
    """Yield a tab of a new browser that keeps everything in `folder`."""
    commands, answers = os.pipe(), os.pipe()
    line = f'exec "$0" "$@" 3<&{commands[0]} 4>&{answers[1]}'  # the numbers the browser expects
    process = subprocess.Popen(
        ["bash", "-c", line, str(PROGRAM), *_OPTIONS, f"--user-data-dir={folder}"],
        pass_fds=(commands[0], answers[1]),
        stderr=subprocess.DEVNULL,
    )
    os.close(commands[0])
    os.close(answers[1])
    with open(commands[1], "wb") as to_browser, open(answers[0], "rb") as from_browser:  # noqa: PTH123 - numbers
        try:
            yield Tab(to_browser, from_browser)
        finally:
            process.terminate()
            process.wait(timeout=20)

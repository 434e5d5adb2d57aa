"""A real Chromium without a window, told what to do through a pipe (Chrome DevTools Protocol)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
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

    def see(self, width: int, scheme: str) -> None:
        """Be as wide as a screen, in light or dark."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._call("Emulation.setEmulatedMedia", features=features)

    def click(self, selector: str, times: int = 1) -> None:
        """Press the mouse on the middle of an element, of its first line if it has several."""
        x, y = self._bring_into_view(selector)
        place = {"x": x, "y": y, "button": "left"}
        for number in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self._call("Input.dispatchMouseEvent", type=kind, clickCount=number, **place)

    def press(self, key: str) -> None:
        """Press a key: Tab, Enter, ArrowRight ..."""
        codes = {"Tab": 9, "Enter": 13, "ArrowRight": 39}
        told = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
        text = {"text": "\r"} if key == "Enter" else {}
        self._call("Input.dispatchKeyEvent", type="keyDown", **told, **text)
        self._call("Input.dispatchKeyEvent", type="keyUp", **told)

    def write(self, selector: str, text: str) -> None:
        """Put a text into a field as a person's keys do."""
        self._bring_into_view(selector)
        self.ask(f"document.querySelector({json.dumps(selector)}).select()")
        self._call("Input.insertText", text=text)

    def choose_file(self, selector: str, path: Path) -> None:
        """Choose a file of this machine in a field for files."""
        chosen = f"document.querySelector({json.dumps(selector)})"
        found = self._call("Runtime.evaluate", expression=chosen)["result"]["objectId"]
        self._call("DOM.setFileInputFiles", files=[str(path)], objectId=found)

    def wait_for(self, expression: str) -> Any:
        """Return the value of an expression when it is true."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        return answer["result"].get("value")

    def _bring_into_view(self, selector: str) -> tuple[float, float]:
        """Return the middle of an element once it stands still and nothing covers it."""
        expression = (
            "(element => { element.scrollIntoView({block: 'center'});"
            " const {x, y, width, height} = element.getClientRects()[0];"
            " const middle = [x + width / 2, y + height / 2];"
            " return element.contains(document.elementFromPoint(...middle)) && middle })"
            f"(document.querySelector({json.dumps(selector)}))"
        )
        deadline, before = time.monotonic() + 20, None
        while not (place := self.ask(expression)) or place != before:
            assert time.monotonic() < deadline, f"{selector} is not on the page"
            before = place
            time.sleep(0.05)
        x, y = place
        return x, y

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

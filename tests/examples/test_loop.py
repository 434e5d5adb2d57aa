"""The loop of examples/loop closes: fallen, retrained, replaced; what is poisoned is stopped."""

from __future__ import annotations

import subprocess
import sys

import pytest

from examples.conftest import EXAMPLES


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demonstration_comes_out_as_it_should(hub_lane: None) -> None:
    command = [sys.executable, str(EXAMPLES / "loop" / "play.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=580, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "retrain: accuracy 0." in done.stdout
    assert "controller: degraded" in done.stdout, "by the gate, which the program looks at itself"

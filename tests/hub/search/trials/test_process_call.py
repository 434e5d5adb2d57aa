import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from auger_hub.fork_server.client import IS_ABLE
from auger_hub.search.trials.process_call import (
    ProcessCall,
    ProcessDied,
    call_in_process,
    prepare_calls,
)
from tests.hub.search import work

pytestmark = pytest.mark.search

needs_fork_server = pytest.mark.skipif(not IS_ABLE, reason="no fork server here")


def test_the_result_comes_back() -> None:
    assert call_in_process(work.double, 21) == 42


def test_an_exception_comes_back() -> None:
    with pytest.raises(ValueError, match="no such thing"):
        call_in_process(work.fail)


def test_a_call_ends_as_soon_as_it_is_over() -> None:
    began = time.monotonic()
    assert call_in_process(work.sleep, 60, is_over=lambda: time.monotonic() - began > 0.3) is None
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("function", "code"), [(work.vanish, -9), (work.leave, 3)])
def test_a_process_that_dies_says_how(function: object, code: int) -> None:
    prepare_calls()
    call = ProcessCall(function)  # type: ignore[arg-type]  # a list of functions loses their types
    with pytest.raises(ProcessDied) as death:
        call.take()
    assert death.value.exit_code == code


@pytest.mark.slow
@needs_fork_server
def test_the_learning_stack_is_there_before_the_call() -> None:
    code = (
        "from auger_hub.search.trials.process_call import call_in_process;"
        "from tests.hub.search import work; print(call_in_process(work.loaded))"
    )  # in a process of its own: a fork server that another test has started stays as it is
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


@needs_fork_server
def test_deciding_needs_nothing_of_the_learning_stack() -> None:
    code = "import sys, auger_hub.search.run; print({'sklearn', 'pandas'} & {*sys.modules})"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "set()"


@needs_fork_server
def test_a_paused_process_does_nothing_until_it_is_resumed(tmp_path: Path) -> None:
    call = ProcessCall(work.wait_for, tmp_path / "note")
    call.pause()
    (tmp_path / "note").touch()
    assert not call.receiver.poll(0.3)
    call.resume()
    assert call.take()


@pytest.mark.slow
def test_work_ends_when_the_run_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import sys, pathlib\n"
        "from auger_hub.search.trials.process_call import call_in_process\n"
        "from tests.hub.search import work\n"
        "if __name__ == '__main__':\n"
        "    call_in_process(work.outlive, pathlib.Path(sys.argv[1]))\n"
    )
    script = tmp_path / "run.py"
    script.write_text(code)
    root = Path(__file__).parents[4]
    run = subprocess.Popen(
        [sys.executable, script, note], env={**os.environ, "PYTHONPATH": str(root)}
    )
    _wait_until(note.exists, seconds=120)  # its fork server imports first
    run.kill()
    run.wait()
    _wait_until(lambda: not _is_alive(int(note.read_text())))


def _wait_until(is_so: object, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():  # type: ignore[operator]  # a plain callable
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

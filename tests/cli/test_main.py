"""The command line as a whole: help, global options, exit codes, cold start."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from auger_reconcile import __version__
from auger_reconcile.address import Address
from auger_reconcile.api.hubs.local_hub import LocalHub
from auger_reconcile.api.plans.addresses import resolve_address
from auger_reconcile.cli import main as cli_main
from auger_reconcile.cli.command import Command
from auger_reconcile.cli.commands.objects.hub import USER_NAME
from auger_reconcile.cli.invocation import wants_color
from auger_reconcile.cli.main import SECTIONS, auger, main
from auger_reconcile.errors import AugerError
from auger_reconcile.resources.model import ModelSpec
from auger_reconcile.state import Declared

from .conftest import User
from .static_hub import TOKEN, StaticHub

HEAVY = ("requests", "pydantic", "deepdiff", "rich", "yaml", "auger_hub")
NAMES = [name for section in SECTIONS.values() for name in section]
FILE = "name: churn\norganization: acme\n"


def walk(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    """Return a command and all below it, with what a user types for each."""
    found = [(path, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            found += walk(below, f"{path} {name}")
    return found


COMMANDS = walk(auger, "auger")


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from auger_reconcile.cli.main import main; code = main(['--help']);"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules];"
        "print(loaded, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"
    assert "Usage: auger" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_command_of_the_table_is_there(name: str) -> None:
    command = auger.get_command(click.Context(auger), name)
    assert command is not None
    assert command.name == name


def test_every_module_with_a_command_is_in_the_table() -> None:
    folder = Path(cli_main.__file__).parent / "commands"
    modules = {path.stem for path in folder.rglob("[!_]*.py")}
    assert modules == set(NAMES)


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_a_command_has_help_that_ends_with_an_example_it_takes(
    path: str, command: click.Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(command, Command)
    assert main([*path.split()[1:], "--help"]) == 0
    last = capsys.readouterr().out.rstrip().rpartition("\n")[2].strip()
    assert last == command.example
    typed = shlex.split(command.example)
    assert typed[: len(path.split())] == path.split()
    parse(typed[1:])


def parse(arguments: list[str]) -> None:
    """Parse a whole command line, down to the last command, without running it."""
    command: click.Command = auger
    context: click.Context | None = None
    while True:
        with command.make_context("auger", list(arguments), parent=context) as context:
            if not isinstance(command, click.Group):
                return
            rest = [*context._protected_args, *context.args]
            _, found, arguments = command.resolve_command(context, rest)
            assert found is not None
            command = found


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_an_option_has_help(path: str, command: click.Command) -> None:
    mute = [
        param.opts
        for param in command.params
        if isinstance(param, click.Option) and not (param.help or param.hidden)
    ]
    assert mute == []


@pytest.mark.parametrize(
    "line",
    [
        "--json validate",
        "validate --json",
        "-f one validate --json",
        "validate -f one --json",
        "-C . validate --json",
        "validate -C . --json --no-color -q",
    ],
)
def test_global_options_stand_before_and_after_the_command(
    line: str, user: User, folder: Path
) -> None:
    for name in (".", "one"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "auger.yaml").write_text(FILE)
    answer = user.run(*line.split())
    assert json.loads(answer.out)["valid"] is True
    assert answer.code == 0


def test_files_from_before_and_after_the_command_are_joined(user: User, folder: Path) -> None:
    (folder / "a.yaml").write_text(FILE)
    (folder / "b.yaml").write_text("name: shop\norganization: acme\n")
    answer = user.run("-f", "a.yaml", "validate", "-f", "b.yaml", "--json")
    assert json.loads(answer.out)["resources"] == ["churn/project.churn", "shop/project.shop"]


def test_the_folder_is_where_the_command_runs(user: User, folder: Path) -> None:
    (folder / "below").mkdir()
    (folder / "below" / "auger.yaml").write_text("name: 5\nname: 6\n")
    answer = user.run("-C", "below", "validate")
    assert "--> auger.yaml:2:1" in answer.err


def test_the_version_is_told(user: User) -> None:
    assert user.run("--version").out.startswith("auger ")


@pytest.mark.parametrize("line", ["--json --version", "--version --json"])
def test_the_version_is_json_for_a_program_that_asks(line: str, user: User) -> None:
    assert json.loads(user.run(*line.split()).out) == {"version": __version__}


def test_a_hub_in_the_foreground_talks_json_to_a_program_that_asks(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[list[str]] = []
    monkeypatch.setattr(LocalHub, "serve", lambda _, arguments: given.append(arguments) or 0)
    user.run("hub", "serve", "--port", "0", "--json")
    user.run("hub", "serve", "--port", "0")
    assert given == [["--port", "0", "--json"], ["--port", "0"]]


def test_no_command_at_all_is_wrong_usage(user: User) -> None:
    answer = user.run()
    assert (answer.code, answer.out) == (64, "")
    assert "Usage: auger" in answer.err


@pytest.mark.parametrize(
    "line",
    [
        "--wrong",
        "wrong",
        "plan wrong",
        "plan --target",
        "hub",
        f"hub org limit x --most-workers {2**31}",
        f"hub org limit x --most-storage {10**7}TB",
    ],
)
def test_wrong_usage_exits_64_and_never_2(line: str, user: User) -> None:
    assert user.run(*line.split()).code == 64


@pytest.mark.parametrize("hub", ["", "http://[::1", "app.auger.ai", "ftp://app.auger.ai", "LOCAL"])
def test_a_hub_that_is_no_url_is_wrong_usage(hub: str, user: User) -> None:
    answer = user.run("--hub", hub, "plan")
    assert answer.code == 64
    assert "is neither `local` nor a URL" in answer.err


def test_a_hub_that_nobody_is_logged_in_to_is_named_by_the_way_in(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text(FILE)
    answer = user.run("plan", "--hub", "http://127.0.0.1:9")
    assert answer.code == 4
    assert answer.err.endswith("\n       auger auth login --url http://127.0.0.1:9\n")


def test_the_way_in_to_the_cloud_is_short(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text(FILE)
    answer = user.run("plan", "--hub", "https://app.auger.ai")
    assert answer.err.endswith("\n       auger auth login\n")


@pytest.mark.parametrize("name", ["", "a b/c", "x" * 256, "a\n"])
def test_a_name_that_no_user_can_have_is_wrong_usage(name: str, user: User) -> None:
    answer = user.run("hub", "user", "add", name)
    assert (answer.code, answer.out) == (64, "")
    assert "letters, digits" in answer.err


@pytest.mark.parametrize("name", ["anna", "anna.b+c@example.com", "Zoë_1", "a-b"])
def test_a_name_of_a_user_may_be_an_address_of_e_mail(name: str) -> None:
    assert USER_NAME.fullmatch(name)


@pytest.mark.parametrize(("count", "end"), [(10, "model.j"), (11, "model.j, …")])
def test_a_list_that_is_cut_short_says_so(count: int, end: str) -> None:
    named = [Address("churn", "model", letter) for letter in "abcdefghijk"[:count]]
    declared = {at: Declared(at, ModelSpec(name=at.name)) for at in named}
    with pytest.raises(AugerError) as caught:
        resolve_address(Address("churn", "project", "wholly-else"), declared)
    assert str(caught.value.hint).endswith(end)


def break_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("auger_reconcile.api.workspace.Workspace.observe", fail)


def test_ctrl_c_exits_130(
    user: User, folder: Path, empty_hub: StaticHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "auger.yaml").write_text(FILE)
    break_with(KeyboardInterrupt(), monkeypatch)
    answer = user.run("plan")
    assert (answer.code, answer.err.strip()) == (130, "interrupted")


def test_a_bug_is_one_sentence_without_a_traceback_or_its_words(
    user: User, folder: Path, empty_hub: StaticHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "auger.yaml").write_text(FILE)
    break_with(ZeroDivisionError("with something secret"), monkeypatch)
    answer = user.run("plan")
    assert answer.code == 1
    assert answer.err.startswith("error: ZeroDivisionError in auger_reconcile/")
    assert "this is a bug in auger_reconcile" in answer.err
    assert "secret" not in answer.err
    assert "Traceback" not in answer.err


def test_debug_shows_the_traceback(
    user: User, folder: Path, empty_hub: StaticHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "auger.yaml").write_text(FILE)
    break_with(ZeroDivisionError(), monkeypatch)
    assert "Traceback" in user.run("plan", "--debug").err


def test_verbose_tells_every_request_and_no_token(
    user: User, folder: Path, empty_hub: StaticHub
) -> None:
    (folder / "auger.yaml").write_text(FILE)
    answer = user.run("plan", "-v")
    assert "GET /api/v1/projects: 200 after " in answer.err
    assert TOKEN not in answer.out + answer.err


@pytest.mark.process
@pytest.mark.parametrize(
    ("options", "unbuffered"),
    [
        ([], "1"),
        (["--json"], ""),
        pytest.param([], "", marks=pytest.mark.slow),
        pytest.param(["--json"], "1", marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_is_told_in_one_sentence(
    folder: Path,
    empty_hub: StaticHub,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    unbuffered: str,
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    (folder / "auger.yaml").write_text(FILE)
    with Path("/dev/full").open("w") as full:
        done = run_program("plan", *options, stdout=full)
    assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")


@pytest.mark.process
def test_a_reader_who_goes_away_is_a_failure_in_one_sentence(
    folder: Path, empty_hub: StaticHub
) -> None:
    (folder / "auger.yaml").write_text(FILE)
    read, write = os.pipe()
    os.close(read)
    done = run_program("plan", stdout=write)
    os.close(write)
    assert done.returncode == 1
    assert done.stderr == "error: the output was closed before everything was written to it\n"


@pytest.mark.process
@pytest.mark.parametrize(
    "closed",
    [
        ">&-",
        "<&- >&- 2>&-",
        pytest.param("<&-", marks=pytest.mark.slow),
        pytest.param("2>&-", marks=pytest.mark.slow),
    ],
)
def test_a_closed_stream_takes_nothing_and_breaks_nothing(
    folder: Path, empty_hub: StaticHub, closed: str
) -> None:
    (folder / "auger.yaml").write_text(FILE)
    line = f"{shlex.quote(sys.executable)} -m auger_reconcile apply --auto-approve {closed}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert "bug" not in done.stderr
    assert "POST projects" in empty_hub.asked


def test_no_stream_takes_no_colours() -> None:
    assert wants_color(None, refused=False) is False


@pytest.mark.process
def test_the_module_runs_as_a_program(folder: Path) -> None:
    done = run_program("--version", stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout[:6]) == (0, "auger ")


def run_program(*arguments: str, stdout: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "auger_reconcile", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("columns", "widest"), [("60", 58), ("300", 98), ("0", 78), ("wide", 78)])
def test_a_help_text_is_as_wide_as_the_terminal_and_a_hundred_columns_at_most(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    columns: str,
    widest: int,
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((0, 0)))
    assert main(["plan", "--help"]) == 0
    width = max(map(len, capsys.readouterr().out.splitlines()))
    assert widest - 15 < width <= widest

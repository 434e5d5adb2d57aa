"""Run `auger completion`: print the completion script of a shell."""

from __future__ import annotations

import click

from auger_reconcile.cli.command import command
from auger_reconcile.cli.invocation import Invocation

VARIABLE = "_AUGER_COMPLETE"  # by which click is asked for completions


@command(example="auger completion bash")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(invocation: Invocation, *, shell: str) -> None:
    """Print what makes a shell complete commands.

    It belongs into the shell's start file: `source <(auger completion bash)` in ~/.bashrc, the
    same with zsh in ~/.zshrc, and for fish `auger completion fish | source` in its config.fish.
    Addresses and environments come from the files; projects, data sets, experiments, runs, trials
    and models from the hub, where it runs and answers within two seconds.
    """
    from click.shell_completion import get_completion_class

    from auger_reconcile.cli.main import auger

    found = get_completion_class(shell)
    assert found is not None, "click completes these three shells"
    script = found(auger, {}, "auger", VARIABLE).source()
    if invocation.as_json:
        invocation.show_json({"shell": shell, "script": script})
    else:
        invocation.show(script)

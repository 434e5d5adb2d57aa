"""Run `auger experiment`: start and stop runs, show leaderboard and history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from auger_reconcile.cli.command import group
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.objects import Objects, add_commands
from auger_reconcile.cli.options import complete_by, plan_option, select_option, wait_option
from auger_reconcile.cli.reporting import out_option, report_options, write_out, write_report
from auger_reconcile.cli.run import open_context, run_one_resource

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.api.experiment import Experiment
    from auger_reconcile.cli.views.table import Column


@group(example="auger experiment leaderboard")
def experiment() -> None:
    """Start and stop runs; show leaderboard and history.

    The experiment is the one in auger.yaml, unless it is named.
    """


def _open(context: Context, name: str | None) -> Experiment:
    from auger_reconcile.api.experiment import Experiment

    return Experiment(context, experiment_name=name)


def _columns() -> list[Column]:
    from auger_reconcile.cli.views.table import Column, member

    return [Column("Last run", member("last_experiment_session_status"))]


add_commands(
    experiment,
    Objects(
        "experiment",
        _open,
        _columns,
        listed="experiments of the project",
        deleted="an experiment with its runs",
        none_yet="The project has no experiment yet.",
        example="churn-experiment",
    ),
)


@experiment.command(example="auger experiment start --wait")
@click.argument("name", required=False, shell_complete=complete_by("experiment"))
@click.option("--again", is_flag=True, help="Start another run although one has these settings.")
@wait_option
@plan_option
@select_option
def start(  # noqa: PLR0913 - keyword-only, the options of the command
    invocation: Invocation,
    *,
    name: str | None,
    again: bool,
    wait: bool,
    select: bool,
    show_only: bool,
) -> ExitCode:
    """Start a run with the settings of auger.yaml on the selected data set.

    A run with these settings and this data that is there already is enough.
    """
    return run_one_resource(
        invocation,
        lambda c: _open(c, name).plan_start(again=again, select=select),
        show_only=show_only,
        idle="A run with these settings and this data is there already; --again starts another.",
        wait=wait,
    )


@experiment.command(example="auger experiment stop")
@click.argument("name", required=False, shell_complete=complete_by("experiment"))
@plan_option
def stop(invocation: Invocation, *, name: str | None, show_only: bool) -> ExitCode:
    """Stop the run that is going on; what it has finished is kept."""
    return run_one_resource(
        invocation,
        lambda c: _open(c, name).plan_stop(),
        show_only=show_only,
        idle="No run is active.",
    )


@experiment.command(example="auger experiment leaderboard")
@click.argument(
    "run_id",
    metavar="[RUN_ID|NAME]",
    required=False,
    shell_complete=complete_by("experiment", "run"),
)
def leaderboard(invocation: Invocation, *, run_id: str | None) -> None:
    """Show the trials of a run, best first; by default of the run that was made last.

    NAME is that of an experiment, whose last run is meant; auger.yaml may declare several. Scores
    are means over the folds; above them stands what to expect of the best one on new rows. With -v,
    the hyperparameters of each.
    """
    from auger_reconcile.cli.views.run.leaderboard import Layout, render_leaderboard
    from auger_reconcile.cli.views.table import terminal_width

    with open_context(invocation) as context:
        board = _open(context, None).board(run_id)
        if invocation.as_json:
            invocation.show_json(board.to_json())
            return
        live = _live_trials(context) if board.trials else frozenset()
    layout = Layout(terminal_width(), with_parameters=invocation.is_verbose, live=live)
    invocation.show("\n".join(render_leaderboard(board, layout)))


def _live_trials(context: Context) -> frozenset[str]:
    """Return the trials that are deployed; of a run of another project, none are known."""
    from auger_reconcile.api.model import Model
    from auger_reconcile.errors import AugerError

    try:
        return frozenset(str(item.get("trial_id") or item["id"]) for item in Model(context).list())
    except AugerError:
        return frozenset()


@experiment.command(example="auger experiment report --format html --out report.html")
@click.argument(
    "run_id",
    metavar="[RUN_ID|NAME]",
    required=False,
    shell_complete=complete_by("experiment", "run"),
)
@click.option(
    "--trial",
    "trial_id",
    metavar="ID",
    shell_complete=complete_by("trial"),
    help="Trial to explain; the best by default.",
)
@report_options
def report(
    invocation: Invocation,
    *,
    run_id: str | None,
    trial_id: str | None,
    form: str,
    out: Path | None,
) -> None:
    """Report on a run: board, settings, notices, and one trial explained.

    Which columns matter, what is confused with what, where the model is bad. All of it comes from
    rows that the models had not seen. NAME is that of an experiment, whose last run is meant.
    """
    with open_context(invocation) as context, invocation.busy_with("Reading the run"):
        found = _open(context, None).report(run_id, trial_id=trial_id)
    write_report(invocation, found, form, out)


@experiment.command(example="auger experiment compare 1A2B3C4D5E6F7081 9F8E7D6C5B4A3921")
@click.argument("left", metavar="RUN", shell_complete=complete_by("run"))
@click.argument("right", metavar="RUN", shell_complete=complete_by("run"))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "html", "json"]),
    default="text",
    help="`html` is one page that needs nothing else.",
)
@out_option
def compare(invocation: Invocation, *, left: str, right: str, form: str, out: Path | None) -> None:
    """Show two runs side by side: settings, data, boards and curves.

    Of settings, those that differ. The ids of runs come from `auger experiment history`.
    """
    from auger_reconcile.cli.views.run import comparison as views

    with open_context(invocation) as context, invocation.busy_with("Reading the runs"):
        found = _open(context, None).compare(left, right)
    if invocation.as_json or form == "json":
        text = views.render_comparison_json(found)
    elif form == "html":
        text = views.render_comparison_html(found)
    else:
        text = "\n".join(views.render_comparison_text(found, invocation.width)) + "\n"
    write_out(invocation, text, out)


@experiment.command(example="auger experiment reproduce 1A2B3C4D5E6F7081")
@click.argument("run_id", metavar="RUN", shell_complete=complete_by("run"))
@click.option("--again", is_flag=True, help="Make it though that was done before.")
@plan_option
def reproduce(invocation: Invocation, *, run_id: str, again: bool, show_only: bool) -> ExitCode:
    """Make a run once more, and show what differs: trials, packages, data, settings.

    It has the settings, data and seed of the first one; a run with the same trials has the same
    scores. Plans do not look at it. The exit code is 1 when a trial differs.
    """
    from auger_reconcile.cli.views.run.reproduction import render_reproduction

    if invocation.as_json and not show_only:
        with open_context(invocation) as context:
            found = _open(context, None).reproduce(run_id, again=again)
        invocation.show_json(found.to_json())
        return ExitCode.DONE if found.is_same else ExitCode.FAILED
    made = run_one_resource(
        invocation,
        lambda c: _open(c, None).plan_reproduce(run_id, again=again),
        show_only=show_only,
        idle=f"Run {run_id} has a run that makes it once more; --again makes another.",
        wait=True,
    )
    if show_only or made is not ExitCode.DONE:
        return made
    with open_context(invocation) as context, invocation.busy_with("Reading the runs"):
        found = _open(context, None).reproduction(run_id)
    invocation.show("\n".join(["", *render_reproduction(found, invocation.width)]))
    return ExitCode.DONE if found.is_same else ExitCode.FAILED


@experiment.command(example="auger experiment history")
@click.argument("name", required=False, shell_complete=complete_by("experiment"))
def history(invocation: Invocation, *, name: str | None) -> None:
    """Show every run of the experiment: settings, status and leaderboard."""
    from auger_reconcile.cli.views.run.leaderboard import render_history

    with open_context(invocation) as context:
        runs = _open(context, name).history()
        if invocation.as_json:
            invocation.show_json(list(runs))
            return
        shown = False
        for run in runs:
            invocation.show("\n".join(render_history(run)))
            shown = True
    if not shown:
        invocation.tell("The experiment has no run yet.")

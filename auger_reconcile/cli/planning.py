"""Make a plan and show it: what `plan`, `apply` and `destroy` have in common."""

from __future__ import annotations

from typing import Any

from auger_reconcile.api.workspace import Workspace
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import to_plan_options
from auger_reconcile.cli.views.diagnostic import render_diagnostics
from auger_reconcile.cli.views.plan_json import plan_to_json
from auger_reconcile.cli.views.plan_text import render_plan
from auger_reconcile.diagnostics import has_errors
from auger_reconcile.planner.build import PlanOptions
from auger_reconcile.planner.plan import Plan


def read_files(invocation: Invocation, workspace: Workspace, **said: Any) -> PlanOptions:
    """Read the files, tell their warnings, and return what the options mean for them.

    Args:
        invocation: tells whether warnings are wanted.
        workspace: of the files.
        said: the options of the command, by the names that PlanOptions has.
    """
    loaded = workspace.loaded
    if not invocation.is_quiet:
        invocation.tell(render_diagnostics(loaded.warnings, color=invocation.error_color))
    return to_plan_options(loaded.state, **said)


def make_plan(invocation: Invocation, workspace: Workspace, options: PlanOptions) -> Plan:
    """Read the hub and return the plan."""
    with invocation.busy_with("Reading the hub"):
        return workspace.plan(options)


def show_plan(invocation: Invocation, plan: Plan, *, form: str) -> None:
    """Show the plan as a result, and tell what is wrong with it or unknown."""
    match form:
        case "json":
            invocation.show_json(plan_to_json(plan))
            return
        case "markdown":
            from auger_reconcile.cli.views.plan_markdown import render_markdown

            invocation.show(render_markdown(plan))
        case "html":
            from auger_reconcile.cli.views.plan_html import render_html

            invocation.show(render_html(plan))
        case _:
            invocation.show(render_plan(plan, color=invocation.color))
    problems = (*plan.diagnostics, *plan.refusals)
    if problems:
        invocation.tell("\n" + render_diagnostics(problems, color=invocation.error_color))


def find_exit_code(plan: Plan) -> ExitCode:
    """Return FAILED when a part of the plan, or all of it, cannot be carried out."""
    failed = plan.refusals or has_errors(plan.diagnostics)
    return ExitCode.FAILED if failed else ExitCode.DONE

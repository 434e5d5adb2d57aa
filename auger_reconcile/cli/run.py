"""Plan, show, ask, apply and report: the one road of every command that makes a plan."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from auger_reconcile.cli.exit_code import ExitCode, exit_code_of_apply
from auger_reconcile.cli.invocation import Invocation

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.api.workspace import Workspace
    from auger_reconcile.applier.apply import ApplyOptions
    from auger_reconcile.applier.result import ApplyResult
    from auger_reconcile.cli.views.apply.apply_text import Progress
    from auger_reconcile.planner.build import PlanOptions
    from auger_reconcile.planner.plan import Plan
    from auger_reconcile.resources._base import FieldChange

FORMATS = ("text", "json", "markdown", "html")  # of a plan; `show_plan` has a case for each
READING = "Reading the hub"
QUESTION = 'Do you want to carry this out? Only "yes" is accepted: '


class Consent(NamedTuple):
    """How a command gets the user's yes.

    Attributes:
        given: by an option, so that nothing is asked.
        check: that what was shown still is what would be done, after a person has answered.
        option: that gives it, for the hint where nobody can be asked.
    """

    given: bool
    check: Callable[[], None]
    option: str = "--auto-approve"


def read_files(invocation: Invocation, workspace: Workspace, **given: Any) -> PlanOptions:
    """Read the files, show their warnings, and return the options of the planner.

    Args:
        invocation: where warnings are shown, unless it is quiet.
        workspace: of the files.
        given: the options of the command, by the names that PlanOptions has.

    Raises:
        AugerError: an address is not declared; it would silently mean nothing.
    """
    from auger_reconcile.api.plans.addresses import resolve_address
    from auger_reconcile.planner.build import PlanOptions

    loaded = workspace.loaded
    if loaded.warnings and not invocation.is_quiet:
        from auger_reconcile.cli.views.diagnostic import render_diagnostics

        invocation.tell(render_diagnostics(loaded.warnings, color=invocation.error_color))
    for name in ("targets", "excludes", "repeats"):
        named = given.get(name, ())
        given[name] = tuple(resolve_address(at, loaded.state.resources) for at in named)
    return PlanOptions(**given)


def show_plan(invocation: Invocation, plan: Plan, *, form: str = "text") -> None:
    """Show a plan as a result, and on stderr what is wrong with it or unknown."""
    match "json" if invocation.as_json else form:
        case "json":
            from auger_reconcile.cli.views.plan.plan_json import plan_to_json

            invocation.show_json(plan_to_json(plan))
            return
        case "markdown":
            from auger_reconcile.cli.views.plan.plan_markdown import render_markdown

            invocation.show(render_markdown(plan))
        case "html":
            from auger_reconcile.cli.views.plan.plan_html import render_html

            invocation.show(render_html(plan))
        case "text":
            from auger_reconcile.cli.views.plan.plan_text import render_plan

            invocation.show(
                render_plan(
                    plan,
                    color=invocation.color,
                    files=invocation.files_label,
                    width=invocation.width,
                )
            )
        case unknown:
            raise ValueError(f"no view shows a plan as {unknown}")
    _tell_problems(invocation, plan)
    if plan.notices and not invocation.is_quiet:
        from auger_reconcile.cli.views.plan.plan_notices import plan_notice_lines

        invocation.tell("\n".join(["", *plan_notice_lines(plan), ""]))


def _tell_problems(invocation: Invocation, plan: Plan) -> None:
    """Show on stderr what is wrong with a plan, or worth a word."""
    problems = (*plan.diagnostics, *plan.refusals)
    if problems:
        from auger_reconcile.cli.views.diagnostic import render_diagnostics

        invocation.tell("\n" + render_diagnostics(problems, color=invocation.error_color))


def find_exit_code(plan: Plan) -> ExitCode:
    """Return FAILED when a part of the plan, or all of it, cannot be carried out."""
    from auger_reconcile.diagnostics import has_errors

    failed = plan.refusals or has_errors(plan.diagnostics)
    return ExitCode.FAILED if failed else ExitCode.DONE


def run_plan(
    invocation: Invocation,
    plan: Plan,
    apply: Callable[[Plan, ApplyOptions], ApplyResult],
    *,
    options: ApplyOptions,
    consent: Consent,
) -> ExitCode:
    """Show a plan, ask, apply it and show the outcome; return the exit code.

    Args:
        invocation: where to show it.
        plan: is carried out as it is, or not at all.
        apply: carries it out, such as `Workspace.apply`.
        options: of the apply; its events are shown by this function.
        consent: whether and how the user's yes is needed.

    Raises:
        AugerError: there is nobody to ask, or nobody who could read the plan.
        StalePlan: files or hub changed while the question was open.
        PlanRefused: a guard forbids the plan, and the output is JSON.
    """
    from auger_reconcile.applier.apply import refusals_of
    from auger_reconcile.errors import AugerError, PlanRefused

    nobody = AugerError(
        "the plan needs consent, and there is nobody to ask",
        hint=f"`{consent.option}` gives it beforehand",
    )
    refusals = refusals_of(plan)
    if refusals and invocation.as_json:
        raise PlanRefused(refusals)
    if invocation.as_json and not (consent.given or plan.is_empty):
        raise nobody
    _show_before(invocation, plan)
    if refusals or plan.is_empty:
        if refusals:
            _tell_unapproved(invocation, plan)
            invocation.tell("\nNothing was done.")
        return ExitCode.FAILED if refusals else find_exit_code(plan)
    if not consent.given:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise nobody
        if not _ask():
            invocation.tell("Nothing was done.")
            return ExitCode.DECLINED
        with invocation.busy_with(READING):
            consent.check()
    return exit_code_of_apply(_apply_visibly(invocation, plan, apply, options))


def _tell_unapproved(invocation: Invocation, plan: Plan) -> None:
    """Say which policies require an approval that nobody has given."""
    from auger_reconcile.applier.apply import refusals_of
    from auger_reconcile.cli.views.diagnostic import render_diagnostics

    missing = refusals_of(plan)[len(plan.refusals) :]
    if missing:
        invocation.tell("\n" + render_diagnostics(missing, color=invocation.error_color))


def _show_before(invocation: Invocation, plan: Plan) -> None:
    """Show what will be done; what nobody can read is not done.

    Raises:
        AugerError: the output is closed, or its disk is full.
    """
    from auger_reconcile.errors import AugerError

    try:
        if invocation.as_json:
            from auger_reconcile.applier.result import ApplyResult
            from auger_reconcile.cli.views.apply.apply_json import JsonEvents, result_to_json
            from auger_reconcile.cli.views.plan.plan_json import plan_to_json

            events = JsonEvents()
            events.begin(plan_to_json(plan))
            if plan.is_empty:
                events.end(result_to_json(ApplyResult(plan, ())))
        else:
            show_plan(invocation, plan)
    except OSError as error:
        why = error.strerror or type(error).__name__
        told = f"the plan cannot be shown, the output is closed or full ({why}); nothing was done"
        raise AugerError(told) from None


def _ask() -> bool:
    """Ask for the word `yes`; anything else is a no."""
    click.echo("\n" + QUESTION, nl=False, err=True)
    return sys.stdin.readline().strip() == "yes"


def _apply_visibly(
    invocation: Invocation,
    plan: Plan,
    apply: Callable[[Plan, ApplyOptions], ApplyResult],
    options: ApplyOptions,
) -> ApplyResult:
    """Apply with the view that fits the surroundings; the summary goes where it can be read."""
    from auger_reconcile.applier.result import Event, Finished, Outcome
    from auger_reconcile.cli.interrupt import stopping_on_signal
    from auger_reconcile.cli.views.apply.apply_json import JsonEvents, result_to_json
    from auger_reconcile.cli.views.apply.apply_text import render_cut_off, render_result

    stop, ended = options.patience.stop, list[Outcome]()

    def carry_out(show: Callable[[Event], None], note: Callable[[str], None]) -> ApplyResult:
        def hear(event: Event) -> None:
            if isinstance(event, Finished):
                ended.append(event.outcome)
            show(event)

        with stopping_on_signal(stop, note, lambda: render_cut_off(plan, ended)):
            return apply(plan, replace(options, on_event=hear))

    try:
        if invocation.as_json:
            events = JsonEvents()
            result = carry_out(events, invocation.tell)
            events.end(result_to_json(result))
        else:
            with _progress(invocation, plan) as progress:
                result = carry_out(progress, progress.note)
            invocation.show("\n" + render_result(result, color=invocation.color))
    except BrokenPipeError:  # of what is shown at the end: events of an apply stop nothing
        invocation.tell(f"\nThe output was closed.\n{render_result(result, color=False)}")
    return result


@contextmanager
def _progress(invocation: Invocation, plan: Plan) -> Iterator[Progress]:
    """Yield what shows the events: live in a terminal, line by line elsewhere."""
    from auger_reconcile.cli.views.apply.apply_text import PlainProgress

    if invocation.is_quiet:
        yield PlainProgress(plan, lambda _: None)
        return
    invocation.tell("\n")
    if not invocation.has_live_terminal:
        yield PlainProgress(plan, invocation.tell)
        return
    from auger_reconcile.cli.views.apply.apply_live import LiveProgress

    with LiveProgress(plan, color=invocation.error_color) as live:
        yield live


@contextmanager
def open_context(invocation: Invocation, *, above: bool = True) -> Iterator[Context]:
    """Open the context of the command line, and close its connection afterwards.

    Args:
        invocation: the command line.
        above: without a file here, that of the nearest folder above is meant.

    Raises:
        click.BadParameter: `-f` does not name one file, which names can be stored in.
    """
    from auger_reconcile.api.context import Context

    with Context(
        _only_file(invocation, above=above),
        hub=invocation.hub,
        env=invocation.env,
        variables=invocation.variables,
        on_exchange=invocation.tell_exchange if invocation.is_verbose else None,
        on_note=invocation.note,
        origin="command",
    ) as context:
        context.command = click.get_current_context().command_path
        yield context


def _only_file(invocation: Invocation, *, above: bool) -> Path:
    """Return the file of a command about one thing.

    Raises:
        click.BadParameter: `-f` names the standard input, several files, or none that is there.
    """
    from auger_reconcile.config.files.find_files import FILE_NAME
    from auger_reconcile.config.syntax.text import STDIN

    file, *others = invocation.found_files() if above else invocation.files
    if invocation.has_default_file and not (file.exists() or file.is_symlink()):
        return file.parent
    within = file / FILE_NAME if file.is_dir() and file.name != FILE_NAME else file
    told = None
    if others:
        told = f"this command is about one file, and {len(invocation.files)} are named"
    elif file == STDIN:
        told = "this command is about a file in a folder, and the standard input is none"
    elif not (invocation.has_default_file or within.exists()):
        told = f"there is no `{within}`"
    if told:
        raise click.BadParameter(told, param_hint="--file")
    return file


def run_one_resource(  # noqa: PLR0913 - keyword-only beyond the first two
    invocation: Invocation,
    make: Callable[[Context], Plan],
    *,
    show_only: bool,
    idle: str,
    consent: bool = True,
    wait: bool = False,
) -> ExitCode:
    """Make a plan of one resource; show it, or carry it out.

    Args:
        invocation: where to show it.
        make: makes the plan in the context.
        show_only: nothing is carried out.
        idle: the sentence for a plan that has nothing to do.
        consent: the user's yes is given, because the command asks for nothing that loses anything
            or `--yes` was given.
        wait: for the end of what is started.
    """
    from auger_reconcile.applier.apply import ApplyOptions

    with open_context(invocation) as context:
        with invocation.busy_with(READING):
            plan = context.judge(make(context))
        if plan.is_empty and not invocation.as_json and find_exit_code(plan) is ExitCode.DONE:
            invocation.show(idle)
            _tell_problems(invocation, plan)
            return ExitCode.DONE
        _tell_what_is_replaced(invocation, plan, context)
        if show_only:
            show_plan(invocation, plan)
            return find_exit_code(plan)
        return run_plan(
            invocation,
            plan,
            context.apply,
            options=ApplyOptions(wait=wait),
            consent=Consent(
                consent, lambda: _check_again(invocation, plan, context, make), option="--yes"
            ),
        )


def _check_again(
    invocation: Invocation, plan: Plan, context: Context, make: Callable[[Context], Plan]
) -> None:
    """Make the plan of one resource once more, in a context that has read nothing yet.

    Raises:
        StalePlan: it would do something else than was shown.
    """
    from auger_reconcile.api.plans.answered import check_context

    with open_context(replace(invocation, is_quiet=True)) as again:
        check_context(plan, context, again, make)


def _tell_what_is_replaced(invocation: Invocation, plan: Plan, context: Context) -> None:
    """Tell which declared keys a select is about to change: the next plan is about others then."""
    replaced = [
        change
        for action in plan.actions
        if action.verb.value == "select"
        for change in action.changes
        if change.before is not None and change.after is not None
    ]
    if replaced:
        can_leave = "select" in click.get_current_context().params
        advice = "; `--no-select` leaves the file as it is" if can_leave else ""
        invocation.note("\n".join(_what_is_replaced(replaced, context, advice)))


def _what_is_replaced(
    replaced: Sequence[FieldChange], context: Context, advice: str
) -> Iterator[str]:
    """Yield a line for each file that says what changes, and where that is written if elsewhere."""
    from auger_reconcile.diagnostics import quote_all

    written = context.files_changed(replaced)
    saying = context.files_saying(replaced)
    for file in dict.fromkeys(file for file, _ in saying.values()):
        mine = {path: text for path, (by, text) in saying.items() if by == file}
        is_there = context.env is None or file == written
        says = "sets" if is_there and context.env else "declares"
        where = "" if is_there else f" in {written}"
        fixed = quote_all(
            dict.fromkeys(text for text in mine.values() if "${" in text.replace("$${", ""))
        )
        where += f", to a fixed value in the place of {fixed}" if fixed and is_there else ""
        yield f"{file} {says} {quote_all(mine)}: about to change{where}{advice}."

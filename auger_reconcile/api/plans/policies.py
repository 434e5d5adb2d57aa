"""Find the rules of a folder, judge plans by them, and try their cases."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auger_reconcile.planner.plan import Plan
    from auger_reconcile.policy.cases import Tried
    from auger_reconcile.policy.rule import Rule
    from auger_reconcile.state import DesiredState

FOLDER = "policies"
VARIABLE = "AUGER_POLICIES"


def find_folders(starts: Iterable[Path], environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the folders of rules: those beside and above, and those of the environment.

    A repository's own folder is the last that is looked at; without a repository, only the folder
    itself is: what stands above belongs to something else.
    """
    named = [Path(name) for name in environ.get(VARIABLE, "").split(os.pathsep) if name]
    found = [one for start in starts for one in _above(start)]
    return tuple(dict.fromkeys([*found, *(path.resolve() for path in named)]))


def _above(start: Path) -> Iterator[Path]:
    here = start.resolve()
    tree = [here, *here.parents]
    root = next((place for place in tree if (place / ".git").exists()), here)
    for place in tree[: tree.index(root) + 1]:
        if (place / FOLDER).is_dir():
            yield place / FOLDER


def read_policies(starts: Iterable[Path], environ: Mapping[str, str]) -> tuple[Rule, ...]:
    """Return the rules for files in some folders; none are read where there are no folders.

    Raises:
        ConfigError: a rule is none.
    """
    folders = find_folders(starts, environ)
    if not folders:
        return ()
    from auger_reconcile.policy.read import read_rules

    return read_rules(folders)


def judge_plan(
    plan: Plan,
    desired: DesiredState,
    rules: tuple[Rule, ...],
    *,
    env: str | None,
    approved: Collection[str] = (),
) -> Plan:
    """Return a plan with what the rules object to; an empty plan has nothing to object to.

    Raises:
        AugerError: what was approved is no rule.
    """
    from auger_reconcile.errors import AugerError

    strange = sorted(set(approved) - {rule.name for rule in rules})
    if strange:
        from auger_reconcile.diagnostics import nearest

        near = nearest(strange[0], [rule.name for rule in rules])
        raise AugerError(
            f"there is no policy `{strange[0]}` to approve",
            hint=f"there is `{near}`" if near else "auger policy list",
        )
    if not rules or plan.is_empty:
        return plan
    from auger_reconcile.policy.judge import gather_facts, judge

    scene = gather_facts(plan, desired, env=env, now=datetime.now(timezone.utc))
    return judge(plan, rules, scene, approved=approved)


def with_saved_objections(
    plan: Plan, document: Mapping[str, Any], approved: Collection[str]
) -> Plan:
    """Return the plan of a saved one with the approvals that it was saved as needing.

    Where the rules are not at hand, what they said when the plan was made still counts.
    """
    from auger_reconcile.planner.plan import Effect, Objection

    known = {one.policy for one in plan.objections}
    saved = [Objection.from_json(one) for one in document.get("policies") or ()]
    missing = tuple(
        one._replace(is_approved=one.policy in approved)
        for one in saved
        if one.effect is Effect.REQUIRE_APPROVAL and one.policy not in known
    )
    return replace(plan, objections=(*plan.objections, *missing)) if missing else plan


def find_rules(
    folder: Path, environ: Mapping[str, str] | None = None, *, is_exact: bool = False
) -> tuple[Rule, ...]:
    """Return the rules for a folder of auger.yaml, or those of a folder of rules.

    Raises:
        ConfigError: a rule is none.
    """
    from auger_reconcile.policy.read import read_rules

    return read_rules(_folders(folder, environ, is_exact=is_exact))


def try_cases(
    folder: Path, environ: Mapping[str, str] | None = None, *, is_exact: bool = False
) -> tuple[tuple[Rule, ...], tuple[Tried, ...]]:
    """Return rules, and what came of the cases beside them.

    Args:
        folder: of auger.yaml, or of the rules themselves.
        environ: environment variables.
        is_exact: the folder is one of rules.

    Raises:
        ConfigError: a rule or a case is none.
    """
    from auger_reconcile.policy.cases import read_cases, try_case

    rules = find_rules(folder, environ, is_exact=is_exact)
    folders = _folders(folder, environ, is_exact=is_exact)
    cases = read_cases(folders, [rule.name for rule in rules])
    return rules, tuple(try_case(case, rules) for case in cases)


def _folders(
    folder: Path, environ: Mapping[str, str] | None, *, is_exact: bool
) -> tuple[Path, ...]:
    around = os.environ if environ is None else environ
    return (folder,) if is_exact else find_folders([folder], around)

"""Render the state of the local hub as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.words import count_of, duration, size


def render_status(facts: Mapping[str, Any]) -> str:
    """Return where the hub is and what it does, a fact a line."""
    if not facts.get("running"):
        return f"The local hub does not run.\n  folder  {plain(str(facts.get('home')))}"
    active = count_of(facts.get("active_runs", 0), "active run")
    counts = f"{count_of(facts.get('projects', 0), 'project')}, {active}"
    lines = {
        "url": facts.get("url"),
        "folder": facts.get("home"),
        "process": facts.get("pid"),
        "version": facts.get("version"),
        "up for": duration(facts.get("uptime_seconds", 0.0)),
        "holds": counts,
    }
    told = [f"  {name:8} {plain(str(value))}" for name, value in lines.items() if value]
    return "\n".join(["The local hub runs.", *told])


def render_new_user(added: Mapping[str, Any]) -> str:
    """Return a new user's secrets: the answer to the only command that shows them."""
    ended = added.get("ended") or 0
    shown = {name: value for name, value in added.items() if name not in ("ended", "renewed")}
    text = _render_once("Password and token are", shown)
    return f"{text}\n{count_of(ended, 'login')} of before ended." if ended else text


def render_new_token(added: Mapping[str, Any]) -> str:
    """Return a new token: the answer to the only command that shows it."""
    return _render_once("The token is", added)


def _render_once(what: str, facts: Mapping[str, Any]) -> str:
    lines = [f"  {name:13} {plain(str(value))}" for name, value in facts.items()]
    return "\n".join([f"{what} shown this once:", *lines])


def render_invited_user(invited: Mapping[str, Any]) -> str:
    """Return what became of somebody who has no password here."""
    ended = invited.get("ended")
    told = f" {count_of(int(ended), 'login')} of before ended." if ended else ""
    return plain(
        f"`{invited.get('username')}`, {invited.get('role')} of `{invited.get('organization')}`, "
        f"logs in by single sign-on.{told}"
    )


def render_organizations(organizations: Sequence[Mapping[str, Any]]) -> str:
    """Return a line an organization, with its limits."""
    wide = max((len(str(one.get("name"))) for one in organizations), default=0)
    return "\n".join(plain(f"{one.get('name')!s:{wide}}  {_limits(one)}") for one in organizations)


def _limits(organization: Mapping[str, Any]) -> str:
    workers, questions = organization.get("most_workers"), organization.get("most_questions")
    told = [f"{count_of(workers, 'worker')} at most"] if workers else []
    told += [f"{count_of(questions, 'question')} a minute"] if questions else []
    storage = tell_storage(organization)
    limits = ", ".join(told) or ("" if storage else "no limits")
    stored = storage or size(organization.get("used_storage") or 0)
    return f"stores {stored}" + (f", {limits}" if limits else "")


def tell_storage(organization: Mapping[str, Any]) -> str:
    """Return how much of its storage an organization uses; empty without a limit."""
    used, most = organization.get("used_storage") or 0, organization.get("most_storage")
    if not most:
        return ""
    state = " - full" if used >= most else " - nearly full" if used >= 0.8 * most else ""
    return f"{size(used)} of {size(most)} ({used / most:.0%}){state}"


def render_tokens(tokens: Sequence[Mapping[str, Any]]) -> str:
    """Return a line a token: its id, whose it is, its name, until when it is good."""
    cells = [
        [str(token.get("id")), str(token.get("username")), str(token.get("name") or "-")]
        for token in tokens
    ]
    wide = [max((len(row[column]) for row in cells), default=0) for column in range(3)]
    return "\n".join(
        "  ".join(plain(f"{text:{width}}") for text, width in zip(row, wide, strict=True))
        + f"  {_until(token)}"
        for row, token in zip(cells, tokens, strict=True)
    )


def render_findings(findings: Sequence[Mapping[str, Any]]) -> str:
    """Return a line a part, and below it the way out of what is wrong."""
    lines = []
    for finding in findings:
        told = f"{finding.get('state')!s:8} {finding.get('part')!s:10} {finding.get('text')}"
        lines.append(plain(told))
        if hint := finding.get("hint"):
            lines.append(plain(f"{'':19} -> {hint}"))
    return "\n".join(lines)


def render_retention(facts: Mapping[str, Any]) -> str:
    """Return a line for what goes together, or that nothing does."""
    if not facts.get("removes"):
        return "The settings of the hub keep everything for ever."
    due = facts.get("due") or []
    if not due:
        return "Nothing is older than it is kept."
    return "\n".join(
        plain(
            f"{one.get('count')!s:>6} {one.get('kind')!s:12} "
            f"{one.get('name') or one.get('id')} of {one.get('organization')}, "
            f"since {one.get('since')}"
        )
        for one in due
    )


def render_audit(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return a line an entry: when, who, what was done to which object, from where."""
    if not entries:
        return "Nothing of that was done."
    cells = [
        [
            str(entry.get("at")),
            f"{entry.get('user')}@{entry.get('organization') or '-'}",
            str(entry.get("action")),
            f"{entry.get('kind')} {entry.get('name') or entry.get('object_id') or ''}",
            str(entry.get("address") or ""),
        ]
        for entry in entries
    ]
    wide = [max(len(row[column]) for row in cells) for column in range(5)]
    return "\n".join(
        "  ".join(plain(f"{text:{width}}") for text, width in zip(row, wide, strict=True)).rstrip()
        for row in cells
    )


def _until(token: Mapping[str, Any]) -> str:
    expires = token.get("expires_at")
    scope = f", to {plain(str(token['scope']))} alone" if token.get("scope") else ""
    return (f"until {plain(str(expires))}" if expires else "without end") + scope


def render_users(users: Sequence[Mapping[str, Any]]) -> str:
    """Return a line a user."""
    wide = max((len(str(user.get("name"))) for user in users), default=0)
    return "\n".join(
        f"{plain(str(user.get('name'))):{wide}}  {plain(str(user.get('organization')))}"
        f"  {plain(str(user.get('role') or ''))}".rstrip()
        + ("" if user.get("active") else "  (revoked)")
        + ("  (single sign-on)" if user.get("sso") else "")
        for user in users
    )

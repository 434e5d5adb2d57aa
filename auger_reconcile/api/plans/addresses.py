"""Check addresses that a user gives against what the files declare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from auger_reconcile.address import Address
from auger_reconcile.errors import AugerError

_MOST_NAMED = 10  # addresses in a hint


def list_declared(files: Sequence[Path], env: str | None) -> list[str]:
    """Return the addresses that files declare; none where they cannot be read.

    For the completion of a shell, which is no place for diagnostics.
    """
    from auger_reconcile.config.load import load_desired_state

    try:
        state = load_desired_state(files, env=env, check_sources=False).state
    except AugerError:
        return []
    return [str(address) for address in state.resources]


def list_environments(folder: Path) -> list[str]:
    """Return the environments that have an overlay beside a folder's auger.yaml."""
    names = (path.name.split(".") for path in folder.glob("auger.*.yaml"))
    return sorted(parts[1] for parts in names if len(parts) == 3 and parts[1] != "lock")


def check_declared(address: Address, declared: Iterable[Address]) -> None:
    """Check that an address means something that the files declare.

    Raises:
        AugerError: it does not; the hint offers what is near.
    """
    known = list(declared)
    if any(one.matches(address) for one in known):
        return
    from difflib import get_close_matches

    written = address.qualified if address.project else str(address)
    spelled = [one.qualified if address.project else str(one) for one in known]
    near = get_close_matches(written, spelled, n=1)
    some = ", ".join(spelled[:_MOST_NAMED]) + (", …" if len(spelled) > _MOST_NAMED else "")
    hint = f"`{near[0]}` is declared" if near else f"declared are {some}"
    raise AugerError(f"`{written}` is not declared", hint=hint)


def find_declared(address: Address, declared: Iterable[Address]) -> Address:
    """Return the one declared resource that an address means.

    Raises:
        AugerError: there is none, or several projects have one.
    """
    known = list(declared)
    check_declared(address, known)
    meant = [one for one in known if one.matches(address)]
    if len(meant) > 1:
        spelled = ", ".join(f"`{one.qualified}`" for one in meant)
        raise AugerError(f"`{address}` is declared in several projects", hint=f"write {spelled}")
    return meant[0]


def parse_addresses(texts: Iterable[str | Address], declared: Iterable[Address]) -> list[Address]:
    """Return addresses that a program gives, each checked.

    Raises:
        ValueError: a text is no address.
        AugerError: one is not declared.
    """
    known = list(declared)
    found = [Address.parse(one) if isinstance(one, str) else one for one in texts]
    for address in found:
        check_declared(address, known)
    return found

"""Check addresses that a user gives against what the files declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from auger_reconcile.address import Address
from auger_reconcile.errors import AugerError
from auger_reconcile.state import Declared

if TYPE_CHECKING:
    from auger_reconcile.planner.build import PlanOptions

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


def resolve_address(address: Address, resources: Mapping[Address, Declared]) -> Address:
    """Return the address that is declared now for one that is given, or was before `moved`.

    Args:
        address: its project may be left out.
        resources: what the files declare.

    Raises:
        AugerError: none means it; the hint offers what is near.
    """
    if any(one.matches(address) for one in resources):
        return address
    for at, declared in resources.items():
        former = (at._replace(name=name) for name in declared.spec.formerly)
        if any(one.matches(address) for one in former):
            return address._replace(name=at.name)
    from difflib import get_close_matches

    written = address.qualified if address.project else str(address)
    spelled = [one.qualified if address.project else str(one) for one in resources]
    near = get_close_matches(written, spelled, n=1)
    some = ", ".join(spelled[:_MOST_NAMED]) + (", …" if len(spelled) > _MOST_NAMED else "")
    hint = f"`{near[0]}` is declared" if near else f"declared are {some}"
    raise AugerError(f"`{written}` is not declared", hint=hint)


def find_declared(address: Address, resources: Mapping[Address, Declared]) -> Address:
    """Return the one declared resource that an address means.

    Raises:
        AugerError: there is none, or several projects have one.
    """
    wanted = resolve_address(address, resources)
    meant = [one for one in resources if one.matches(wanted)]
    if len(meant) > 1:
        spelled = ", ".join(f"`{one.qualified}`" for one in meant)
        raise AugerError(f"`{address}` is declared in several projects", hint=f"write {spelled}")
    return meant[0]


def parse_addresses(
    given: str | Address | Iterable[str | Address], resources: Mapping[Address, Declared]
) -> list[Address]:
    """Return the addresses that a program gives, one or several, each as it is declared now.

    Raises:
        AugerError: one is no address, or not declared.
    """
    found = []
    for one in [given] if isinstance(given, str | Address) else given:
        try:
            address = Address.parse(one) if isinstance(one, str) else one
        except ValueError as error:
            raise AugerError(str(error)) from None
        found.append(resolve_address(address, resources))
    return found


def declared_options(options: PlanOptions, resources: Mapping[Address, Declared]) -> PlanOptions:
    """Return options whose addresses, given as such or as texts, are as they are declared now.

    Raises:
        AugerError: one is no address, or not declared.
    """
    given = (options.targets, options.excludes, options.repeats)
    targets, excludes, repeats = (tuple(parse_addresses(one, resources)) for one in given)
    return options._replace(targets=targets, excludes=excludes, repeats=repeats)

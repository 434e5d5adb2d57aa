"""Record what a plan or a drift did not look at. Data only.

That nothing has to be done is said of what was compared, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from auger_reconcile.address import Address


class Coverage(NamedTuple):
    """What was left out, of everything that is declared.

    Attributes:
        left_out: what targets and excludes leave out.
        uncompared: why the content of a resource was not compared, by its address.
        environment: the one that was looked at alone; None without `--env`.
    """

    left_out: tuple[Address, ...] = ()
    uncompared: Mapping[Address, str] = MappingProxyType({})
    environment: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether everything was looked at and compared."""
        return not self.left_out and not self.uncompared

    def to_document(self) -> dict[str, Any]:
        """Return the members of the JSON form."""
        return {
            **({"environment": self.environment} if self.environment else {}),
            "not_looked_at": [address.qualified for address in self.left_out],
            "not_compared": [
                {"address": address.qualified, "reason": reason}
                for address, reason in self.uncompared.items()
            ],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Coverage:
        """Read the JSON form back; one of an older version has no such members."""
        uncompared: Iterable[Mapping[str, str]] = document.get("not_compared", ())
        return cls(
            tuple(map(Address.parse, document.get("not_looked_at", ()))),
            {Address.parse(one["address"]): one["reason"] for one in uncompared},
            document.get("environment"),
        )


COMPLETE = Coverage()

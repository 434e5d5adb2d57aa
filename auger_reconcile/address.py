"""Address of a declared resource: `kind.name`, within one project.

Data only. Knows no kinds: whether `experiment` exists is for `resources._registry` to say.
"""

from __future__ import annotations

from typing import NamedTuple
from unicodedata import normalize


def composed(name: str) -> str:
    """Return a name in the form in which an accented letter is one (Unicode's NFC).

    Some systems take accents apart (NFD): what looks the same is the same name.
    """
    return name if name.isascii() else normalize("NFC", name)


class Address(NamedTuple):
    """Where a resource is declared: its project, its kind and its name.

    A tuple, because a plan of many resources looks addresses up all the time.

    Printed as `experiment.churn`; with several projects in one plan as `shop/experiment.churn`.
    A name may hold dots (`dataset.churn.csv`): only the first dot divides.
    """

    project: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"

    @property
    def qualified(self) -> str:
        """The address with its project in front: `shop/experiment.churn`."""
        return f"{self.project}/{self.kind}.{self.name}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `kind.name` or `project/kind.name`; an address without a project has project "".

        Raises:
            ValueError: the text has no kind or no name.
        """
        head, dot, name = text.partition(".")
        project, slash, kind = head.rpartition("/")
        if not dot or not kind or not name or (slash and not project):
            raise ValueError(f"`{text}` is no address: write kind.name, such as experiment.churn")
        return cls(project, kind, name)

    def matches(self, wanted: Address) -> bool:
        """Say whether this is the resource meant by `wanted`, whose project may be left out."""
        if self.kind != wanted.kind or composed(self.name) != composed(wanted.name):
            return False
        return wanted.project == "" or composed(self.project) == composed(wanted.project)

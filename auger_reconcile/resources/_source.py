"""Whether a data set on the hub is the declared one, and its source in words.

What was uploaded is known by the SHA-256 in its key, what the hub has fetched itself by its URL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from auger_reconcile.resources._project_file import USABLE, DatasetObject
from auger_reconcile.resources._revisions import is_named
from auger_reconcile.web_url import is_web_url

if TYPE_CHECKING:
    from auger_reconcile.resources.dataset import DatasetSpec


def holds_content(found: DatasetObject, spec: DatasetSpec) -> bool:
    """Say whether an object was made from the declared source as it is now."""
    if spec.source is None:
        return is_named(found.name, spec.name)
    if spec.is_remote:
        return found.url == spec.source
    return found.content is not None and found.content == spec.sha256


def is_usable_from(found: DatasetObject, spec: DatasetSpec) -> bool:
    """Say whether an object of any name was made from the declared URL."""
    return found.url == spec.source and found.status in USABLE


def is_foreign(found: DatasetObject, spec: DatasetSpec) -> bool:
    """Say whether an object of this name was uploaded by another client, content unknown."""
    is_uploaded = not is_web_url(found.url)
    return is_named(found.name, spec.name) and is_uploaded and found.content is None


def describe_source(spec: DatasetSpec) -> str:
    """Return the source in words: `files/churn.csv, 1.2 MB, sha256 3f2a9c`."""
    if spec.is_remote or spec.size is None or spec.sha256 is None:
        return spec.source or ""
    return f"{spec.source}, {describe_size(spec.size)}, sha256 {spec.sha256[:6]}"


def describe_size(size: int) -> str:
    """Return a number of bytes in words, in steps of 1000."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{size} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"


def say_why_new(
    spec: DatasetSpec, usable: Sequence[DatasetObject], broken: Sequence[DatasetObject]
) -> str:
    """Return why a data set has to be made although some of its revisions may be there."""
    if broken:
        return "the hub could not read it the last time"
    if usable:
        what = "another source is declared" if spec.is_remote else "the content has changed"
        return f"{what} since `{usable[-1].name}`"
    return "does not exist"

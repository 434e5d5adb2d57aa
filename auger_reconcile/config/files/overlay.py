"""One map laid over another: `auger.prod.yaml` over `auger.yaml`.

Every key and value keeps the place where it was written.
"""

from __future__ import annotations

from auger_reconcile.config.syntax.nodes import Entry, Mapping, Node, is_null


def lay_over(base: Mapping, over: Mapping, *, null_removes: bool) -> Mapping:
    """Return `base` with the entries of `over`: maps merge, everything else replaces.

    Args:
        base: the map that is changed.
        over: what is laid over it.
        null_removes: an empty value removes the entry; otherwise it counts as absent.
    """
    entries, removed = dict(base.entries), base.removed
    for name, entry in over.entries.items():
        below = entries.get(name)
        if is_null(entry.value):
            if null_removes:
                entries.pop(name, None)
                removed += (entry.key,)
            else:
                entries.setdefault(name, entry)
            continue
        value: Node = entry.value
        if below and isinstance(below.value, Mapping) and isinstance(value, Mapping):
            value = lay_over(below.value, value, null_removes=null_removes)
        elif isinstance(value, Mapping) and null_removes:
            value = lay_over(value._replace(entries={}), value, null_removes=True)
        entries[name] = Entry(below.key if below else entry.key, value)
    whole = base if base.entries else over
    return whole._replace(entries=entries, removed=removed)

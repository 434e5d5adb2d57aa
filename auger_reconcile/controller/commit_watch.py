"""Ask repositories for their newest commit, so that a look need not wait for its interval.

One small question a branch, however many targets are on it, beside the looks. Nothing depends on
it: what is missed is found by the next look.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from auger_reconcile.controller.repository import newest_commit
from auger_reconcile.controller.settings import Target
from auger_reconcile.controller.status import TargetStatus

Branch = tuple[str, str]
"""URL and branch."""
_AT_ONCE = 4
_SECONDS_A_BRANCH = 0.5  # at least: a git for each costs processor time


class CommitWatch:
    """Knows the newest commit of each branch.

    Args:
        targets: of the controller.
        seconds: between two questions to a branch, more where there are many.
    """

    def __init__(self, targets: Iterable[Target], seconds: float) -> None:
        self._names: dict[Branch, set[str]] = defaultdict(set)
        for target in targets:
            self._names[target.url, target.branch].add(target.name)
        self._pause = max(seconds, _SECONDS_A_BRANCH * len(self._names))
        self._known: dict[Branch, str] = {}
        self._asked: dict[Branch, Future[str | None]] = {}
        self._again_at = time.monotonic() + self._pause
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="commits")

    def hear(self, statuses: Mapping[str, TargetStatus]) -> set[str]:
        """Return the targets that are not at the newest commit, each once a commit; never wait.

        Args:
            statuses: how the targets stand, with the commits that were looked at.
        """
        heard: set[str] = set()
        for branch in [branch for branch, answer in self._asked.items() if answer.done()]:
            commit = self._asked.pop(branch).result()
            if commit is not None and self._known.get(branch) != commit:
                self._known[branch] = commit
                heard |= {
                    name
                    for name in self._names[branch]
                    if name not in statuses or statuses[name].commit != commit
                }
        now = time.monotonic()
        if not self._asked and now >= self._again_at:
            self._again_at = now + self._pause
            self._asked = {one: self._pool.submit(newest_commit, *one) for one in self._names}
        return heard

    def close(self) -> None:
        """Ask no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

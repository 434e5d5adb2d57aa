"""Mutations by hand: each breaks one promise of planner, applier or client; a test must notice."""

from __future__ import annotations

from typing import NamedTuple


class Mutation(NamedTuple):
    """One change to the source.

    Attributes:
        breaks: what would no longer hold.
        file: below the package.
        old: text that occurs once in it.
        new: in its place.
    """

    breaks: str
    file: str
    old: str
    new: str

    @property
    def package(self) -> str:
        """The package whose tests are asked first."""
        return self.file.partition("/")[0]


BUILD, DECIDE, ORDER = "planner/build.py", "planner/decide.py", "planner/order.py"
GUARDS, REMOVE, CHOOSE = "planner/guards/check.py", "planner/remove.py", "planner/targets.py"
PROTECTION = "planner/guards/protection.py"
STALE, DIFF, APPLY = "planner/saved/stale.py", "planner/diff.py", "applier/apply.py"

MUTATIONS = (
    Mutation(
        "refreshing sends only reads",
        "client/refresh.py",
        "    answers = _read_rest(",
        '    client.call("POST", "projects", {"name": "x", "organization_id": 1})\n'
        "    answers = _read_rest(",
    ),
    Mutation(
        "what exists is not created again",
        DECIDE,
        "    if assessment.create:\n",
        "    if True:\n",
    ),
    Mutation(
        "what is active is not started again",
        DECIDE,
        "        reason = assessment.start or reason\n",
        '        reason = assessment.start or reason or "again"\n',
    ),
    Mutation(
        "what is refused is not planned",
        DECIDE,
        "    if assessment.refusal:\n        return\n",
        "",
    ),
    Mutation(
        "what is declared absent is deleted",
        DECIDE,
        "        for found in assessment.revisions:\n",
        "        for found in assessment.revisions[1:]:\n",
    ),
    Mutation(
        "what is declared stopped is stopped",
        DECIDE,
        "        if assessment.stop:\n            yield _action",
        "        if False:\n            yield _action",
    ),
    Mutation(
        "a replacement says which comes first",
        DECIDE,
        '        yield delete_action(status, found, "superseded", Replacement.NEW_FIRST)\n',
        '        yield delete_action(status, found, "superseded", Replacement.OLD_FIRST)\n',
    ),
    Mutation(
        "a delete says what is lost",
        DECIDE,
        "        object=found,\n        loss=status.kind.loss(Verb.DELETE, found),\n",
        "        object=found,\n",
    ),
    Mutation(
        "work implies the start of its cluster",
        BUILD,
        "            if status.assessment.unready is not None and needed not in started:\n",
        "            if False:\n",
    ),
    Mutation(
        "what was started for work alone is stopped again",
        BUILD,
        "                if status.wanted is Wanted.STOPPED and needed not in stopped:\n",
        "                if False:\n",
    ),
    Mutation(
        "what is not declared stays without --prune",
        BUILD,
        "    pruned = world.desired.projects if options.prune else ()\n",
        "    pruned = world.desired.projects\n",
    ),
    Mutation(
        "with a project goes all that is in it",
        BUILD,
        "for at, one in chosen.items() if one.kind.is_home and _is_gone(one)]",
        "for at, one in chosen.items() if False]",
    ),
    Mutation(
        "what is known not to work refuses the plan",
        BUILD,
        "[*_faults(chosen.values()), *wrong,",
        "[*wrong,",
    ),
    Mutation(
        "targets leave out the rest",
        CHOOSE,
        "    if scope.targets:\n",
        "    if False:\n",
    ),
    Mutation(
        "an exclude takes along what needs it",
        CHOOSE,
        "        chosen -= _spread(named, needed_by, within=set(statuses) - going)\n",
        "",
    ),
    Mutation(
        "a start waits for the create of the same",
        ORDER,
        "        if action.verb is Verb.START:\n            needed += _only(own, Verb.CREATE)\n",
        "",
    ),
    Mutation(
        "what is needed is made before",
        ORDER,
        "            needed += _only(among.by_address.get(target, ()), *MAKING)\n",
        "            pass\n",
    ),
    Mutation(
        "the old goes after the new is there",
        ORDER,
        "        needed += among.replacing.get(place_of(action.address, action.object), ())\n",
        "",
    ),
    Mutation(
        "what refers to something goes before it",
        ORDER,
        "            needed += _only(others, Verb.DELETE, Verb.STOP) if gone else others\n",
        "            pass\n",
    ),
    Mutation(
        "what failed is out of the way before its successor",
        ORDER,
        "            needed += [other for other in in_the_way if _is_old_first(other)]\n",
        "",
    ),
    Mutation(
        "thirty percent may go, and not more",
        GUARDS,
        "number > total * MAX_DELETED_SHARE",
        "number >= total * MAX_DELETED_SHARE",
    ),
    Mutation(
        "the share counts from ten objects",
        GUARDS,
        "total >= SHARE_APPLIES_FROM",
        "total > SHARE_APPLIES_FROM",
    ),
    Mutation(
        "as many deletes as were allowed",
        GUARDS,
        "    elif len(deletes) > max_deletes:\n",
        "    elif len(deletes) > max_deletes + 1:\n",
    ),
    Mutation(
        "what is protected stays",
        GUARDS,
        "    yield from check_protection(desired, actions)\n",
        "",
    ),
    Mutation(
        "what was renamed is protected under the name that its object bears",
        PROTECTION,
        "{at, *(old for old in former if objects.bears(old))}",
        "{at}",
    ),
    Mutation(
        "what a plan does not look at is not released",
        BUILD,
        "change_protection(desired, chosen, index)",
        "change_protection(desired, statuses, index)",
    ),
    Mutation(
        "a budget holds",
        GUARDS,
        "runs.expected <= budget * 60:\n",
        "runs.expected <= budget * 60 * 10:\n",
    ),
    Mutation(
        "an object that is wanted is not deleted for another",
        REMOVE,
        "(place not in wanted and kept[place] is action)",
        "kept[place] is action",
    ),
    Mutation(
        "an object is deleted once",
        REMOVE,
        "(place not in wanted and kept[place] is action)",
        "place not in wanted",
    ),
    Mutation(
        "what goes with a delete is shown",
        REMOVE,
        "            if (action.address.project, kind_name, found.id) not in going:\n",
        "            if False:\n",
    ),
    Mutation(
        "a prune keeps as many revisions as was said",
        REMOVE,
        "    return old[: max(len(old) - keep, 0)]\n",
        "    return old[: max(len(old) - keep + 1, 0)]\n",
    ),
    Mutation(
        "an old revision that is needed stays",
        REMOVE,
        "if all((address.project, kind, other.id) in going for kind, other in needed_by)",
        "if True",
    ),
    Mutation(
        "numbers are compared by value",
        DIFF,
        "    return math.isclose(one, other, rel_tol=TOLERANCE)\n",
        "    return bool(one == other)\n",
    ),
    Mutation(
        "large whole numbers are compared to the last digit",
        DIFF,
        "        custom_operators=[_ByValue()],\n",
        "        significant_digits=12,\n",
    ),
    Mutation(
        "lists without order are compared without it",
        DIFF,
        "        ignore_order=ignore_order,\n",
        "",
    ),
    Mutation(
        "a saved plan is stale when its object has moved",
        STALE,
        "        if current.get(name) != before[name]:\n",
        "        if False:\n",
    ),
    Mutation(
        "a saved plan is stale when its object is gone",
        STALE,
        "    raise StalePlan(f\"{item['address']}: `{before.get('name')",
        "    return (f\"{item['address']}: `{before.get('name')",
    ),
    Mutation(
        "a saved plan does what it said",
        STALE,
        "        if deed[name] != item[name]:\n",
        "        if False:\n",
    ),
    Mutation(
        "a refused plan is not applied",
        APPLY,
        "    if refusals := refusals_of(plan):\n",
        "    if False:\n",
    ),
    Mutation(
        "what needs a failed action is skipped",
        APPLY,
        "                self.doomed.setdefault(dependent.id, outcome.action)\n",
        "                pass\n",
    ),
    Mutation(
        "an action waits for all that it depends on",
        APPLY,
        "            if not self.missing[dependent.id]:\n",
        "            if self.missing[dependent.id] <= 1:\n",
    ),
    Mutation(
        "an interrupt starts nothing new",
        APPLY,
        "            if culprit or self.interrupted:\n",
        "            if culprit:\n",
    ),
    Mutation(
        "no more at once than was said",
        APPLY,
        "        while self.ready and len(self.running) < self.options.parallelism:\n",
        "        while self.ready:\n",
    ),
    Mutation(
        "a replacement that brought the same forth deletes nothing",
        APPLY,
        "        if self._is_kept(action):\n",
        "        if False:\n",
    ),
    Mutation(
        "steps meet the object that the action before them made",
        APPLY,
        "            object=self.bindings[action.address] if has_new else action.object,\n",
        "            object=action.object,\n",
    ),
    Mutation(
        "who is needed is waited for",
        APPLY,
        "any(other.verb is not Verb.SELECT for other in self.dependents[action.id])",
        "False",
    ),
    Mutation(
        "what was approved is what is uploaded",
        "applier/steps.py",
        "        if hash_file(path) != step.sha256:\n",
        "        if False:\n",
    ),
    Mutation(
        "a write is not sent twice",
        "client/http/transport.py",
        "        return is_read and isinstance(outcome, Unavailable)",
        "        return isinstance(outcome, Unavailable)",
    ),
    Mutation(
        "a wait ends with its time",
        "applier/waiting.py",
        "            if self.timeout is not None and waited >= self.timeout:\n",
        "            if self.timeout is not None and waited >= self.timeout * 2:\n",
    ),
    Mutation(
        "below the gate nothing is deployed that was not known before",
        "resources/_gating.py",
        "spec.min_score is not None and not (score is not None and score >= spec.min_score)",
        "False",
    ),
    Mutation(
        "below the gate nothing is deployed",
        "resources/_gating.py",
        "spec.min_score is not None and score < spec.min_score",
        "False",
    ),
)

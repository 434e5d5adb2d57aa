"""Rules in Python: a function is a rule when its name begins with its effect."""

import re


def warn_names_of_models(plan):
    """A model's name says what it is for."""
    for action in plan["actions"]:
        if action["kind"] == "model" and not re.fullmatch(r"[a-z][a-z0-9-]*", action["name"]):
            yield action["address"], "a model is named in small letters, digits and dashes"


def require_approval_many_deletes(plan):
    """More than three deletes at once are looked at by somebody else."""
    if plan["summary"]["delete"] > 3:
        return f"{plan['summary']['delete']} deletes at once"
    return None

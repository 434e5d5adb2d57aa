"""Compile and evaluate expressions in CEL, the Common Expression Language (https://cel.dev).

The one home of `cel-python`, which is an extra: it is imported when the first rule is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from auger_reconcile.errors import AugerError
from auger_reconcile.policy.rule import Facts, RuleFailed

Variables = Mapping[str, Any]


class BadExpression(Exception):
    """A text is no expression; the message says where and why, on one line."""


def compile_expression(text: str) -> Callable[[Variables], bool]:
    """Return a function that says whether an expression is true of some variables.

    Raises:
        BadExpression: the text is no expression.
        AugerError: the extra `policies` is not installed.
    """
    celpy = _library()
    environment = celpy.Environment()
    try:
        program = environment.program(environment.compile(text))
    except celpy.CELParseError as error:
        where = f"line {error.line}, column {error.column}: " if error.line else ""
        raise BadExpression(f"{where}{_first_line(error)}") from None

    def evaluate(variables: Variables) -> bool:
        try:
            found = program.evaluate(variables)
        except celpy.CELEvalError as error:
            raise RuleFailed(_first_line(error)) from None
        if isinstance(found, celpy.CELEvalError) or str(type(found).__name__) != "BoolType":
            raise RuleFailed(f"it is neither true nor false, but {type(found).__name__}")
        return bool(found)

    return evaluate


def to_variables(scene: Facts) -> Variables:
    """Return a scene as CEL sees it: what is null is absent, so that `has` asks for both.

    The library compares nothing but null with null, against the language's definition.
    """
    celpy = _library()
    return {
        "plan": celpy.json_to_cel(_without_nulls(scene.plan)),
        "resources": celpy.json_to_cel(_without_nulls(scene.resources)),
        "env": celpy.json_to_cel(scene.env),
        "now": celpy.celtypes.TimestampType(scene.now),
    }


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(item) for item in value]
    return value


def _library() -> Any:
    try:
        import celpy
    except ImportError:
        raise AugerError(
            "policies in YAML are written in CEL, whose library is not installed",
            hint="pip install 'auger-reconcile[policies]'",
        ) from None
    return celpy


def _first_line(error: Exception) -> str:
    """Return what the library says, without its dump of the expression."""
    told = str(error.args[0]) if error.args else type(error).__name__
    return " ".join(told.strip().splitlines()[:1])

"""Check what a program hands to the public interface, by the annotations that are there anyway.

One rule for every public method and function: a value of another type is told with the name of the
argument and what its docstring says of it, and so is a file of this machine that cannot be used.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, wraps
from numbers import Integral, Real
from types import FunctionType
from typing import Any, NamedTuple, TypeVar, cast, get_origin

from auger_reconcile.diagnostics import with_article
from auger_reconcile.errors import AugerError, WrongArgument

T = TypeVar("T", bound=Callable[..., Any])


class _Sort(NamedTuple):
    """One of the types that an argument may have."""

    word: str
    fits: Callable[[Any], bool]


_OWN = frozenset(
    {
        "Address",
        "Context",
        "DataSet",
        "Experiment",
        "Model",
        "Plan",
        "PlanOptions",
        "Project",
        "Workspace",
    }
)
"""Classes that are told by their names: most of them are imported later, if at all."""
_ANYTHING = _Sort("anything", lambda _: True)
_SORTS = {
    "None": _Sort("None", lambda value: value is None),
    "str": _Sort("a text", lambda value: isinstance(value, str)),
    "Path": _Sort("a path", lambda value: isinstance(value, os.PathLike)),
    "bool": _Sort("True or False", lambda value: isinstance(value, int) or _is_of_numpy(value)),
    "int": _Sort("a whole number", lambda value: _is_number(value, Integral)),
    "float": _Sort("a number", lambda value: _is_number(value, Real)),
    "Callable": _Sort("a function", callable),
    "Mapping": _Sort("a dictionary", lambda value: isinstance(value, Mapping)),
}


def check_arguments(target: T) -> T:
    """Return a function, or a class with its public methods, that checks what it is given."""
    if not isinstance(target, type):
        return cast("T", _checked(target, target))
    for name, member in list(vars(target).items()):
        is_public = not name.startswith("_") or name == "__init__"
        if is_public and isinstance(member, FunctionType):
            setattr(target, name, _checked(member, target if name == "__init__" else member))
    return target


def _checked(function: Any, described: Any) -> Any:
    """Return a function that checks what it is given.

    Args:
        function: to call.
        described: what has the documentation: itself, or the class that it makes.
    """

    @wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        for name, value in _bind(function, given, named):
            _check(function, described, name, value)
        try:
            return function(*given, **named)
        except OSError as error:
            if error.filename is None:  # of no file: of a function that was given, or a stream
                raise
            raise AugerError(f"`{error.filename}`: {error.strerror}") from error

    return call


def _bind(
    function: Any, given: Sequence[Any], named: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Yield the arguments by their names; those that Python itself refuses are left to it."""
    yield from zip(_sorts_of(function), given, strict=False)
    yield from named.items()


def _check(function: Any, described: Any, name: str, value: Any) -> None:
    sorts = _sorts_of(function).get(name, (_ANYTHING,))
    if any(sort.fits(value) for sort in sorts):
        return
    *others, last = (sort.word for sort in sorts)
    wanted = f"{', '.join(others)} or {last}" if others else last
    given = "None" if value is None else type(value).__name__
    raise WrongArgument(
        f"`{described.__qualname__}` takes {wanted} as `{name}`, not {given}",
        hint=_describe(described, name),
    )


@cache
def _sorts_of(function: Any) -> dict[str, tuple[_Sort, ...]]:
    """Return the types of the arguments, in their order."""
    parameters = inspect.signature(function).parameters.values()
    return {
        one.name: tuple(_read(function, ast.parse(str(one.annotation), mode="eval").body))
        if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
        and isinstance(one.annotation, str)
        else (_ANYTHING,)
        for one in parameters
    }


def _read(function: Any, node: ast.expr) -> Iterator[_Sort]:
    """Yield the types of an annotation; one that is known to type checkers alone is anything."""
    match node:
        case ast.BinOp(left=left, right=right):
            yield from _read(function, left)
            yield from _read(function, right)
        case ast.Constant(value=None):
            yield _SORTS["None"]
        case ast.Subscript(value=ast.Name(id="Iterable" | "Sequence"), slice=ast.Name(id="str")):
            yield _Sort("a list of texts", lambda value: _are_all(value, str))
        case ast.Subscript(value=ast.Name(id="Iterable" | "Sequence"), slice=ast.Name(id="Path")):
            yield _Sort("a path", lambda value: isinstance(value, str | os.PathLike))
            yield _Sort("a list of paths", lambda value: _are_all(value, str | os.PathLike))
        case ast.Subscript(value=ast.Name(id="Iterable"), slice=ast.BinOp()):  # of addresses
            yield _Sort("a list of them", lambda value: _are_all(value, str | tuple))
        case ast.Subscript(
            value=ast.Name(id="Mapping"), slice=ast.Tuple([ast.Name(id="str"), ast.Name(id="str")])
        ):
            yield _Sort("a dictionary of texts", _maps_texts)
        case ast.Subscript(value=ast.Name(id=name)) | ast.Name(id=name):
            yield _of_name(function, name)
        case _:
            yield _ANYTHING


def _of_name(function: Any, name: str) -> _Sort:
    if name in _SORTS:
        return _SORTS[name]
    if get_origin(function.__globals__.get(name)) is Callable:
        return _SORTS["Callable"]
    if name in _OWN:
        return _Sort(
            with_article(name), lambda value: name in (x.__name__ for x in type(value).__mro__)
        )
    return _ANYTHING


def _is_of_numpy(value: Any) -> bool:
    return type(value).__name__ in ("bool", "bool_")


def _is_number(value: Any, sort: type) -> bool:
    return isinstance(value, sort) and not isinstance(value, bool)


def _are_all(value: Any, sort: Any) -> bool:
    """Say whether it is several of a type; one text alone is a list of letters to Python."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        return False
    return not isinstance(value, Sequence) or all(isinstance(one, sort) for one in value)


def _maps_texts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(one, str) for item in value.items() for one in item
    )


def _describe(described: Any, name: str) -> str:
    """Return what the documentation says of an argument."""
    text = inspect.cleandoc(described.__doc__ or "")
    found = re.search(rf"^ {{4}}{name}: (.+(?:\n {{8}}.+)*)", text, re.MULTILINE)
    return f"`{name}`: {' '.join(found[1].split())}" if found else f"help({described.__qualname__})"

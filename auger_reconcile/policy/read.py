"""Read rules from a folder: `*.yaml` with expressions in CEL, `*.py` with functions.

    policies:
      no-delete-on-friday:
        effect: deny
        each: action
        when: action.action == "delete" && now.getDayOfWeek("UTC") == 5
        message: nothing is deleted on a Friday

A function of a `*.py` is a rule when its name begins with an effect: `deny_`, `warn_` or
`require_approval_`. It takes of `plan`, `resources`, `env` and `now` what it names, and returns
what it objects to: sentences, or pairs of an address and a sentence.
"""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from auger_reconcile.config.declarations.validate import Place, validate
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import Mapping, Scalar
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.config.syntax.text import FileText, file_error, read_text
from auger_reconcile.diagnostics import SourceSpan
from auger_reconcile.errors import ConfigError
from auger_reconcile.planner.plan import Effect
from auger_reconcile.policy.cel import BadExpression, Variables, compile_expression, to_variables
from auger_reconcile.policy.rule import Breach, Facts, Rule, RuleFailed

FOLDER = "policies"
SECTION = "policies"
_SHOWN = ("plan", "resources", "env", "now")


class PolicySpec(BaseModel):
    """One rule as it is written in YAML."""

    effect: Effect
    each: Literal["plan", "action", "resource"] = "plan"
    when: str = Field(min_length=1)
    message: str = Field(min_length=1)
    hint: str | None = None


def read_rules(folders: Iterable[Path]) -> tuple[Rule, ...]:
    """Return the rules of some folders, in the order of their files; folders need not exist.

    Raises:
        ConfigError: with every problem of every file.
    """
    report, rules = Report(), dict[str, Rule]()
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")) + sorted(folder.glob("*.yml")):
            _keep(_read_yaml(path, report), rules, report)
        for path in sorted(folder.glob("*.py")):
            _keep(_read_python(path, report), rules, report)
    if report.has_errors:
        raise ConfigError(report.diagnostics)
    return tuple(rules.values())


def _keep(found: Iterable[tuple[Rule, Scalar | None]], rules: dict[str, Rule], _: Report) -> None:
    """Take rules over; of two of one name the places are told."""
    for rule, key in found:
        other = rules.get(rule.name)
        if other is None:
            rules[rule.name] = rule
        elif key is not None:
            where = f"{other.span.path}:{other.span.line}" if other.span else "another file"
            _.error("same-name", "two policies of one name", key, hint=f"the other: {where}")
        else:
            path = Path(rule.span.path if rule.span else rule.name)
            label = f"`{rule.name}`"
            _.add(file_error(path, "same-name", "two policies of one name", label=label))


def _read_yaml(path: Path, report: Report) -> Iterator[tuple[Rule, Scalar | None]]:
    root = read_mapping(path, SECTION, report)
    if root is None:
        return
    for name, (key, node) in root.entries.items():
        if not isinstance(node, Mapping):
            report.error("wrong-type", "a policy is a map", node, hint="with `effect` and `when`")
            continue
        spec = validate(PolicySpec, node, Place(key, f"policy `{name}`"), report)
        when = node.value("when")
        if spec is None or when is None:
            continue
        try:
            is_true = compile_expression(spec.when)
        except BadExpression as error:
            report.error("bad-expression", "not an expression in CEL", when, hint=str(error))
            continue
        find = functools.partial(_find, spec, is_true)
        yield Rule(name, spec.effect, find, key.file.span(key.start, key.end), spec.hint), key


def read_mapping(path: Path, section: str, report: Report) -> Mapping | None:
    """Return the map below the one key of a file, None when the report tells why there is none."""
    file, faults = read_text(path)
    report.add(*faults)
    if file is None:
        return None
    composed = compose(file)
    report.add(*composed.diagnostics)
    roots = [one.root for one in composed.documents if one.root is not None]
    found = roots[0].value(section) if roots and isinstance(roots[0], Mapping) else None
    if isinstance(found, Mapping):
        return found
    if not composed.diagnostics:
        label = f"no map below `{section}`"
        report.add(file_error(path, "wrong-type", f"the file has no `{section}`", label=label))
    return None


def _find(spec: PolicySpec, is_true: Callable[[Variables], bool], scene: Facts) -> Iterator[Breach]:
    """Yield what a rule in CEL objects to."""
    variables = _variables(scene)
    if spec.each == "plan":
        if is_true(variables):
            yield Breach(spec.message)
        return
    listed: Any = (
        variables["resources"] if spec.each == "resource" else variables["plan"]["actions"]
    )
    for item in listed:
        if is_true({**variables, spec.each: item}):
            yield Breach(spec.message, str(item["address"]))


@functools.lru_cache(maxsize=1)
def _converted(key: int, scene_of: Callable[[], Facts]) -> Variables:  # noqa: ARG001 - the key
    return to_variables(scene_of())


def _variables(scene: Facts) -> Variables:
    """Return a scene as CEL sees it, converted once for all rules."""
    return _converted(id(scene), lambda: scene)


def _read_python(path: Path, report: Report) -> Iterator[tuple[Rule, Scalar | None]]:
    file, faults = read_text(path)
    report.add(*faults)
    if file is None:
        return
    name = f"auger_policy_{path.stem}"
    loader = SourceFileLoader(name, str(path))
    spec = spec_from_loader(name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    try:
        exec(compile(file.text, str(path), "exec"), module.__dict__)  # noqa: S102 - the user's own
    except Exception as error:  # noqa: BLE001 - whatever a user's file does
        report.add(
            file_error(path, "broken-policy", "the file cannot be run", label=_told(error, path))
        )
        return
    for function_name, function in vars(module).items():
        effect = _effect_of(function_name)
        if effect is None or not inspect.isfunction(function):
            continue
        strange = [p for p in inspect.signature(function).parameters if p not in _SHOWN]
        span = _span_of(file, function)
        if strange:
            named = ", ".join(f"`{name}`" for name in strange)
            hint = f"there is no {named}; it may take {', '.join(_SHOWN)}"
            told = file_error(path, "broken-policy", "a rule takes what there is not", hint=hint)
            report.add(told)
            continue
        rule_name = function_name.removeprefix(f"{effect.value}_").replace("_", "-")
        find = functools.partial(_call, function, path)
        yield Rule(rule_name, effect, find, span), None


def _effect_of(name: str) -> Effect | None:
    return next((one for one in Effect if name.startswith(f"{one.value}_")), None)


def _span_of(file: FileText, function: Callable[..., Any]) -> SourceSpan:
    lines = file.text.splitlines(keepends=True)
    start = sum(map(len, lines[: function.__code__.co_firstlineno - 1]))
    return file.span(start, start + len(f"def {function.__name__}"))


def _call(function: Callable[..., Any], path: Path, scene: Facts) -> Sequence[Breach]:
    """Return what a rule in Python objects to."""
    names = inspect.signature(function).parameters
    try:
        returned = function(**{name: getattr(scene, name) for name in names})
        found = [returned] if isinstance(returned, str) else list(returned or ())
        return [_to_breach(one) for one in found]
    except Exception as error:
        raise RuleFailed(_told(error, path)) from error


def _to_breach(found: Any) -> Breach:
    if isinstance(found, str):
        return Breach(found)
    address, message = found
    return Breach(str(message), str(address))


def _told(error: Exception, path: Path) -> str:
    """Return an error with the line of the file that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    line = lines[-1] if lines else getattr(error, "lineno", None)
    return f"{type(error).__name__}: {error}" + (f" (line {line})" if line else "")

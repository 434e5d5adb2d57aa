"""What a program hands to the interface is checked by one rule, before anything is done with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import auger.api
from auger.api import (
    Address,
    AugerError,
    Context,
    DataSet,
    Experiment,
    Model,
    Plan,
    PlanOptions,
    Project,
    Workspace,
    WrongArgument,
    apply,
    drift,
    plan,
)
from auger_reconcile.api._arguments import check_arguments


@pytest.fixture
def context(work: Path) -> Context:
    (work / "auger.yaml").write_text("name: shop\nsource: a.csv\n")
    (work / "a.csv").write_text("x,y\n1,2\n")
    return Context(work, environ={}, home=work)


WRONG: list[tuple[Callable[[Any], Any], str]] = [
    (lambda _: apply("plan.json"), "`apply` takes a Plan or None as `todo`, not str"),
    (lambda _: plan(None), "`plan` takes a text or a path as `path`, not None"),
    (lambda _: plan(variables={"a": 5}), "a dictionary of texts or None as `variables`, not dict"),
    (lambda _: plan(options={}), "`plan` takes a PlanOptions or None as `options`, not dict"),
    (
        lambda _: drift(targets=5),
        "takes a text, an Address or a list of them as `targets`, not int",
    ),
    (lambda _: apply(on_event="x"), "`apply` takes a function or None as `on_event`, not str"),
    (lambda _: Context(5), "`Context` takes a text, a path or None as `path`, not int"),
    (lambda _: Workspace(files=5), "takes a path or a list of paths as `files`, not int"),
    (lambda c: c.history(limit="3"), "takes a whole number or None as `limit`, not str"),
    (lambda c: c.history(limit=True), "takes a whole number or None as `limit`, not bool"),
    (lambda c: Project(c, 5), "`Project` takes a text or None as `project_name`, not int"),
    (lambda _: Project("shop"), "`Project` takes a Context as `context`, not str"),
    (lambda c: DataSet(c, "shop"), "`DataSet` takes a Project or None as `project`, not str"),
    (lambda c: Experiment(c, Project(c)), "takes a DataSet or None as `dataset`, not Project"),
    (lambda c: Project(c).create(select="no"), "takes True or False as `select`, not str"),
    (lambda c: DataSet(c).create(5), "takes a text, a path or None as `source`, not int"),
    (lambda c: DataSet(c).download(5), "`DataSet.download` takes a text or a path as `to`"),
    (lambda c: Experiment(c).board(7), "`Experiment.board` takes a text or None as `run_id`"),
    (lambda c: Experiment(c).report(seconds="5"), "takes a number as `seconds`, not str"),
    (lambda c: Model(c).deploy(None), "`Model.deploy` takes a text as `model_id`, not None"),
    (lambda c: Model(c).predict("a.csv", threshold="1"), "takes a number or None as `threshold`"),
    (lambda c: Model(c).predict("a.csv", on_rows=5), "takes a function or None as `on_rows`"),
]


@pytest.mark.parametrize(("call", "told"), WRONG, ids=[told for _, told in WRONG])
def test_a_value_of_another_type_is_told(
    context: Context, call: Callable[[Context], Any], told: str
) -> None:
    with pytest.raises(WrongArgument) as caught:
        call(context)
    assert told in str(caught.value)
    assert caught.value.hint
    assert isinstance(caught.value, AugerError)
    assert isinstance(caught.value, TypeError)


def test_the_hint_is_what_the_documentation_says_of_the_argument(context: Context) -> None:
    with pytest.raises(WrongArgument) as caught:
        Context(5)  # type: ignore[arg-type]
    assert str(caught.value.hint).startswith("`path`: a folder, or the file;")
    with pytest.raises(WrongArgument) as caught:
        Model(context).undeploy(5)  # type: ignore[arg-type]
    assert caught.value.hint == "help(Model.undeploy)"


def test_what_fits_is_let_through(context: Context) -> None:
    class Name(str):
        __slots__ = ()

    assert Project(context, Name("shop")).project_name == "shop"
    assert DataSet(context).check(Path("a.csv")).source == "a.csv"
    assert DataSet(context).spec(Path("a.csv")) == DataSet(context).spec("a.csv")


def test_what_python_itself_refuses_is_left_to_it(context: Context) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'bogus'"):
        Project(context, bogus=1)  # type: ignore[call-arg]


def test_a_file_that_cannot_be_used_is_told_and_other_errors_are_not_touched(
    tmp_path: Path,
) -> None:
    @check_arguments
    def read(path: Path) -> str:
        return path.read_text()

    @check_arguments
    def fail() -> None:
        raise BrokenPipeError

    with pytest.raises(AugerError, match="none`: No such file or directory"):
        read(tmp_path / "none")
    with pytest.raises(BrokenPipeError):
        fail()


@pytest.mark.parametrize("given", ["model.x", Address.parse("model.x"), ["model.x"], ["bogus"]])
@pytest.mark.parametrize(
    "ask",
    [
        lambda given: plan(options=PlanOptions(targets=given)),
        lambda given: plan(options=PlanOptions(excludes=given)),
        lambda given: Workspace().plan(PlanOptions(repeats=given)),
        lambda given: Workspace("auger.yaml").explain(
            *([given] if isinstance(given, str | Address) else given)
        ),
        lambda given: Workspace(["auger.yaml"]).plan(PlanOptions(targets=given)),
        lambda given: drift(targets=given),
        lambda given: drift(excludes=given),
    ],
)
def test_addresses_are_texts_or_addresses_one_or_several(
    work: Path, given: Any, ask: Callable[[Any], Any]
) -> None:
    (work / "auger.yaml").write_text("name: shop\nhub: http://127.0.0.1:9\n")
    told = "`bogus` is no address" if given == ["bogus"] else "`model.x` is not declared"
    with pytest.raises(AugerError, match=told):
        ask(given)


def test_files_of_a_workspace_may_be_texts(work: Path) -> None:
    paths = [Workspace(one).files for one in ("a.yaml", Path("a.yaml"), ["a.yaml"])]  # type: ignore[arg-type, list-item]
    assert paths == [(Path("a.yaml"),)] * 3
    assert Workspace([]).files == ()


PUBLIC = {
    f"{one.__name__}.{name}": member
    for one in (Context, DataSet, Experiment, Model, Project, Workspace)
    for name, member in vars(one).items()
    if inspect.isfunction(member) and (name == "__init__" or not name.startswith("_"))
} | {name: getattr(auger.api, name) for name in ("apply", "destroy", "drift", "plan")}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_function_is_checked(name: str) -> None:
    assert hasattr(PUBLIC[name], "__wrapped__")


def test_a_plan_is_a_plan(context: Context) -> None:
    with pytest.raises(WrongArgument, match="a Plan as `plan`, not Context"):
        context.apply(context)  # type: ignore[arg-type]
    assert Plan.__name__ == "Plan"

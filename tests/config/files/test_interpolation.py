"""Variables: from the command line, the environment, the file."""

import pytest

from auger_reconcile.address import Address
from tests.config.conftest import Codes, Load

TEXT = """\
name: ${who}
variables: {size: 4, who: "shop", host: "${who}.example.com"}
datasets:
  ${who}.csv: {source: "https://${host}/$${x}/${who}.csv"}
cluster:
  min_nodes: 1
  max_nodes: ${size}
"""


def size(load: Load, **options: dict[str, str]) -> int:
    state = load(TEXT, **options).state
    nodes = state.resources[Address("shop", "project", "shop")].spec.cluster.max_nodes
    assert isinstance(nodes, int)
    return nodes


def test_a_variable_alone_keeps_its_type(load: Load) -> None:
    assert size(load) == 4


def test_the_environment_wins_over_the_file(load: Load) -> None:
    assert size(load, environ={"AUGER_VAR_size": "5"}) == 5


def test_the_command_line_wins_over_the_environment(load: Load) -> None:
    assert size(load, environ={"AUGER_VAR_size": "5"}, variables={"size": "6"}) == 6


def test_variables_stand_in_texts_keys_and_other_variables(load: Load) -> None:
    state = load(TEXT).state
    source = state.resources[Address("shop", "dataset", "shop.csv")].spec.source
    assert source == "https://shop.example.com/${x}/shop.csv"


def test_a_name_from_a_variable_stays_as_it_is_written(load: Load) -> None:
    assert load("name: ${n}", variables={"n": "007"}).state.projects == ("007",)


def test_a_variable_of_the_command_line_holds_no_references(load: Load) -> None:
    assert load("name: ${n}", variables={"n": "${n}"}).state.projects == ("${n}",)


def test_an_overlay_changes_variables(load: Load) -> None:
    files = {"auger.big.yaml": "variables: {size: 9}"}
    assert size(load, files=files, env="big") == 9  # type: ignore[arg-type]


def test_a_variable_of_an_overlay_is_replaced_there(load: Load) -> None:
    files = {"auger.prod.yaml": "organization: ${org}"}
    loaded = load("name: a", files=files, env="prod", variables={"org": "acme"})
    assert loaded.state.organization == "acme"


@pytest.mark.parametrize("depth", [3, 60])
def test_a_cycle_of_variables_ends(codes: Codes, depth: int) -> None:
    names = "\n".join(f"  v{i}: x${{v{(i + 1) % depth}}}" for i in range(depth))
    assert [code.split()[0] for code in codes(f"name: ${{v0}}\nvariables:\n{names}\n")] == [
        "variable-cycle"
    ]


def test_variables_do_not_grow_without_bound(codes: Codes) -> None:
    names = "\n".join(f"  v{i}: {f'${{v{i - 1}}}' * 10 if i else 'x' * 10}" for i in range(9))
    assert codes(f"name: ${{v8}}\nvariables:\n{names}\n") == ["variable-length 7:7"]


def test_variables_that_make_two_keys_the_same_are_an_error(codes: Codes) -> None:
    text = "name: a\nvariables: {x: b}\ndatasets:\n  b: {}\n  ${x}: {}\n"
    assert codes(text) == ["duplicate-key 5:3"]


def test_a_chain_of_variables_may_be_long(load: Load) -> None:
    chain = "".join(f"  v{number}: ${{v{number + 1}}}\n" for number in range(3_000))
    state = load(f"name: ${{v0}}\nvariables:\n{chain}  v3000: end\n").state
    assert state.projects == ("end",)


def test_a_chain_of_references_may_be_long(load: Load) -> None:
    one = "{{dataset: d, model_type: regression, target: {}}}"
    targets = [f'"${{experiment.e{number}.target}}"' for number in range(1, 201)]
    chain = "".join(f"  e{n}: {one.format(target)}\n" for n, target in enumerate(targets))
    text = f"name: p\ndatasets: {{d: {{source: 'https://x.org/d.csv'}}}}\nexperiments:\n{chain}"
    state = load(f"{text}  e200: {one.format('y')}\n").state
    assert {vars(r.spec).get("target") for r in state.resources.values()} == {None, "y"}


def test_a_long_circle_is_one_at_the_place_where_it_closes(codes: Codes) -> None:
    chain = "".join(f"  v{number}: ${{v{(number + 1) % 300}}}\n" for number in range(300))
    assert codes(f"name: ${{v0}}\nvariables:\n{chain}") == ["variable-cycle 302:9"]

"""`moved` and `removed`: chains of any length, and nothing said twice."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.config.conftest import Codes, Load

HEAD = "name: p\ndatasets:\n  end: {source: 'https://x.org/a.csv'}\n"


def test_a_long_chain_of_moves_ends_at_what_is_declared(load: Load) -> None:
    names = [*(f"d{number}" for number in range(5_000)), "end"]
    pairs = pairwise(names)
    moves = "".join(f"  - {{from: dataset.{a}, to: dataset.{b}}}\n" for a, b in pairs)
    specs = [one.spec for one in load(f"{HEAD}moved:\n{moves}").state.resources.values()]
    assert specs[-1].formerly == tuple(reversed(names[:-1]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "moved:\n- {from: dataset.a, to: dataset.end}\n- {from: dataset.b, to: dataset.end}\n",
            ["declared-twice 6:25"],
        ),
        (
            "moved: [{from: dataset.a, to: dataset.end}]\nremoved: [{address: dataset.a}]\n",
            ["declared-twice 5:21"],
        ),
        ("removed:\n- address: model.m\n- address: model.m\n", ["declared-twice 6:12"]),
        (
            (
                "moved:\n- {from: dataset.a, to: dataset.b}\n- {from: dataset.b, to: dataset.a}\n"
                "- {from: dataset.c, to: dataset.b}\n"
            ),
            ["wrong-move 5:25", "wrong-move 6:25", "declared-twice 7:25"],
        ),
    ],
)
def test_what_is_said_twice_is_told_at_the_second_place(
    codes: Codes, text: str, expected: list[str]
) -> None:
    assert codes(HEAD + text) == expected

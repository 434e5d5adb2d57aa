"""A mutation that does not fit the source any more breaks nothing, and proves nothing."""

from pathlib import Path

import pytest

from .catalogue import MUTATIONS, Mutation

PACKAGE = Path(__file__).parents[2] / "auger_reconcile"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[one.breaks for one in MUTATIONS])
def test_each_mutation_fits_the_source(mutation: Mutation) -> None:
    text = (PACKAGE / mutation.file).read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1
    compile(text.replace(mutation.old, mutation.new), mutation.file, "exec")

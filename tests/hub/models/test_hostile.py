"""A model file made to harm brings no code of its own, wherever it comes from."""

import functools
import io
import operator
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer
from skops import io as skops_io
from skops.io.exceptions import UntrustedTypesFoundException

from auger_hub.models.predict import Predictor


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (self.path,)


def calls_a_function(path: str) -> object:
    return FunctionTransformer(os.mkdir, kw_args={"mode": 0o700}).fit([[path]])


def calls_a_partial(path: str) -> object:
    return FunctionTransformer(functools.partial(os.mkdir, path))


def calls_a_method(path: str) -> object:
    return FunctionTransformer(operator.methodcaller("mkdir"))


@pytest.mark.parametrize("make", [calls_a_function, calls_a_partial, calls_a_method])
def test_a_model_that_brings_code_is_not_loaded(
    iris_model: Path, tmp_path: Path, make: Callable[[str], object]
) -> None:
    folder = shutil.copytree(iris_model, tmp_path / "model")
    skops_io.dump(make(str(tmp_path / "sprung")), folder / "model.skops")
    with pytest.raises(UntrustedTypesFoundException):
        Predictor.load(folder)
    assert not (tmp_path / "sprung").exists()


def altered(model: Path, target: Path, change: Callable[[str, bytes], bytes]) -> None:
    with zipfile.ZipFile(model / "model.skops") as old:
        content = {name: change(name, old.read(name)) for name in old.namelist()}
    shutil.copytree(model, target)
    with zipfile.ZipFile(target / "model.skops", "w") as new:
        for name, text in content.items():
            new.writestr(name, text)


def test_a_pickle_in_place_of_an_array_is_never_opened(iris_model: Path, tmp_path: Path) -> None:
    pickled = io.BytesIO()
    np.save(pickled, np.array([Trap(str(tmp_path / "sprung"))], dtype=object), allow_pickle=True)

    def change(name: str, content: bytes) -> bytes:
        return pickled.getvalue() if name.endswith(".npy") else content

    altered(iris_model, tmp_path / "model", change)
    with pytest.raises(ValueError, match="allow_pickle"):
        Predictor.load(tmp_path / "model")
    assert not (tmp_path / "sprung").exists()


def test_a_schema_that_names_another_class_is_not_loaded(iris_model: Path, tmp_path: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        text = content.decode() if name == "schema.json" else ""
        renamed = text.replace('"__class__": "CleanColumns"', '"__class__": "Popen"')
        renamed = renamed.replace("auger_hub.search.columns", "subprocess")
        return renamed.encode() or content

    altered(iris_model, tmp_path / "model", change)
    with pytest.raises(UntrustedTypesFoundException, match=r"subprocess\.Popen"):
        Predictor.load(tmp_path / "model")

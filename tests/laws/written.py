"""A generated document -> an auger.yaml that a person might have written, with comments."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from .worlds import Document

CONTENTS = ("x", "y", "z", "unreadable")
SECTIONS = {"datasets": "dataset", "experiments": "experiment", "models": "model"}
SEARCH = {"model_type": "classification", "target": "target"}


def write_data(folder: Path) -> None:
    """Write the data that documents name; the hub reads the same columns in all of it."""
    for content in CONTENTS:
        (folder / f"{content}.csv").write_text(f"id,age,target\n1,{content},3\n")


def with_sources(document: Document, folder: Path) -> Document:
    """Return a document whose contents are those of the files in a folder."""
    datasets = {
        name: _source(data, folder) if "content" in data else data
        for name, data in document["datasets"].items()
    }
    return {**document, "datasets": datasets}


def _source(data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    rest = {key: value for key, value in data.items() if key != "content"}
    path = folder / f"{data['content']}.csv"
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"source": path.name, "path": str(path), "sha256": sha256, **rest}


@dataclass(frozen=True)
class Written:
    """A text, and the comments in it: about a resource, or about one of its settings."""

    text: str
    about: Mapping[str, tuple[str, ...]]
    settings: Mapping[tuple[str, str], str]


@st.composite
def writings(draw: st.DrawFn, document: Document) -> Written:
    """Return a document in one of many layouts."""
    lines, about, settings = ["# about the file"], {}, {}
    document = draw(_in_either_form(document))
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    for key, value in document.items():
        if key not in SECTIONS or not value:
            is_block = isinstance(value, dict) and bool(value) and draw(st.booleans())
            lines += _block(key, value) if is_block else [f"{key}: {_flow(value)}  # at {key}"]
            continue
        lines += ["", f"# about {key}", "", f"{key}:"] if draw(st.booleans()) else [f"{key}:"]
        for name, given in value.items():
            address = f"{SECTIONS[key]}.{name}"
            style = draw(st.sampled_from(["flow", "block", "bare"]))
            about[address] = (f"# above {address};", f"# at {address};")
            lines.append(f"  # above {address};")
            if style == "flow" or not given:
                told = "" if style == "bare" else f" {_flow(given)}"
                lines.append(f"  {_flow(name)}:{told}  # at {address};")
                continue
            lines.append(f"  {_flow(name)}:   # at {address};")
            for setting, one in given.items():
                settings[address, setting] = f"# {setting} of {address};"
                if isinstance(one, list) and one and draw(st.booleans()):
                    lines.append(f"    {setting}:   # {setting} of {address};")
                    lines += [f"      - {_flow(item)}   # {item}" for item in one]
                else:
                    lines.append(f"    {setting}: {_flow(one)}   # {setting} of {address};")
            lines += [""] * draw(st.integers(0, 1))
    text = newline.join(lines) + draw(st.sampled_from([newline, newline, ""]))
    return Written(text, about, settings)


def _block(key: str, value: Mapping[str, Any]) -> list[str]:
    return [f"{key}:  # at {key}", *(f"    {name}: {_flow(one)}" for name, one in value.items())]


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


@st.composite
def _in_either_form(draw: st.DrawFn, document: Document) -> Document:
    """Return what stands in the file: the long form, or the short one where it fits."""
    head = {k: v for k, v in document.items() if k not in SECTIONS}
    datasets = {name: _written_data(one) for name, one in document["datasets"].items()}
    searches = {name: _written_search(one) for name, one in document["experiments"].items()}
    models = document["models"]
    if len(datasets) == len(searches) == 1 and draw(st.booleans()):
        ((name, data),) = datasets.items()
        ((search, settings),) = searches.items()
        if "state" not in data:
            top = {k: settings.pop(k) for k in (*SEARCH, "exclude") if k in settings}
            settings.pop("dataset")
            chosen = {"dataset": name, **top, "experiment": {"name": search, **settings}}
            return {**head, **data, **chosen, "models": models}
    return {**head, "datasets": datasets, "experiments": searches, "models": models}


def _written_data(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key in ("source", "state")}


def _written_search(given: Mapping[str, Any]) -> dict[str, Any]:
    told = {**SEARCH, **given}
    if told.pop("options", None):
        told["shuffle"] = True
    if "target" in told.get("exclude", ()):
        del told["exclude"]
    return told

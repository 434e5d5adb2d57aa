"""Write what is made from code: commands, auger.yaml, Python, pictures, tables of the hub.

    python docs/generate.py            write what is out of date
    python docs/generate.py --check    write nothing; fail when something is

The pages depend on the code alone, so that the same code gives the same bytes on every machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from generator.commands import render_commands
from generator.hub_tables import PAGE as HUB_TABLES
from generator.hub_tables import render_hub_tables
from generator.import_picture import render_import_pictures
from generator.python_api import render_python_api
from generator.reference import render_reference

from auger_reconcile.config.schema import catalog_entry, json_schema

DOCS = Path(__file__).parent
COMMANDS = "commands"  # the folder in which every page is a generated one
PICTURES = "architecture"


def make_pages() -> dict[str, str]:
    """Return every generated page: its path below docs/, and its text."""
    commands = {f"{COMMANDS}/{name}": text for name, text in render_commands().items()}
    pictures = render_import_pictures().items()
    return {
        **commands,
        **{f"{PICTURES}/{name}": text for name, text in pictures},
        "auger-yaml.md": render_reference(DOCS / "auger-yaml"),
        "python-api.md": render_python_api(),
        HUB_TABLES: render_hub_tables(),
        "schemastore/auger.json": json.dumps(json_schema(), indent=2) + "\n",
        "schemastore/catalog-entry.json": json.dumps(catalog_entry(), indent=2) + "\n",
    }


def find_outdated(pages: dict[str, str], docs: Path) -> list[str]:
    """Return the pages on disk that differ, are missing, or belong to no command any more."""
    on_disk = {path.relative_to(docs).as_posix() for path in (docs / COMMANDS).glob("*.md")}
    differing = (name for name, text in pages.items() if read(docs / name) != text)
    return sorted({*differing, *(on_disk - pages.keys())})


def read(path: Path) -> str | None:
    """Return the text of a page, or None when there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else None


def write(pages: dict[str, str], docs: Path, outdated: Sequence[str]) -> None:
    """Bring the outdated pages up to date."""
    for name in outdated:
        path = docs / name
        if name not in pages:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages[name], encoding="utf-8")


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a page is out of date.")
def main(*, check: bool) -> None:
    """Generate the pages of docs/ from the code."""
    pages = make_pages()
    outdated = find_outdated(pages, DOCS)
    if not check:
        write(pages, DOCS, outdated)
    for name in outdated:
        click.echo(f"docs/{name} {'is out of date' if check else 'written'}")
    if check and outdated:
        click.echo("\n`make docs` brings them up to date.")
        sys.exit(1)
    if HUB_TABLES in outdated:  # other pages are made of it, by a process that has not read the old
        subprocess.run([sys.executable, __file__], check=True)


if __name__ == "__main__":
    main()

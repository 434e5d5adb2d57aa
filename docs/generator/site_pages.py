"""Let the site show pages from outside docs/, with links that lead to where they went.

A hook of MkDocs. README, CONTRIBUTING and the like stay where people and GitHub look for them; a
link to what is not part of the site (a test, a folder) becomes its text alone.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
OUTSIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    **{
        path.relative_to(ROOT).as_posix(): f"examples/{path.parent.name}.md"
        for path in sorted((ROOT / "examples").glob("*/README.md"))
    },
}
"""Where a file of the repository stands on the site."""
SOURCES = {place: source for source, place in OUTSIDE.items()}
FENCE = re.compile(r"^(```.*?^```[^\n]*\n)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
FROM_ELSEWHERE = re.compile(r'<(?:script|img|link)\b[^>]*\b(?:src|href)="(?:https?:)?//[^"]*"')


def on_files(files: Files, *, config: Any) -> Files:
    """Add the pages from outside."""
    for source, place in OUTSIDE.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: Any, files: Files) -> str:  # noqa: ARG001 - as MkDocs calls it
    """Lead the links of a page to where things stand on the site."""
    place = page.file.src_uri
    source = SOURCES.get(place, f"docs/{place}")

    def lead(found: re.Match[str]) -> str:
        if "://" in found["target"]:
            return found[0]
        target = _find_place(source, found["target"], files)
        if target is None:
            return found["text"]
        relative = posixpath.relpath(target, posixpath.dirname(place) or ".")
        return f"[{found['text']}]({relative}{found['anchor'] or ''})"

    parts = FENCE.split(markdown)
    return "".join(part if part.startswith("```") else LINK.sub(lead, part) for part in parts)


def on_post_page(output: str, *, page: Page, config: Any) -> str:  # noqa: ARG001 - as MkDocs calls it
    """Refuse a page that would load something from another host.

    Raises:
        PluginError: it would.
    """
    if found := FROM_ELSEWHERE.search(output):
        raise PluginError(f"{page.file.src_uri} would load {found[0]}")
    return output


def _find_place(source: str, target: str, files: Files) -> str | None:
    """Return where on the site the target of a link stands; None when it is not there."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if not (ROOT / path).exists():
        return path  # MkDocs says that it is not there, and fails
    place = OUTSIDE.get(path, path.removeprefix("docs/"))
    is_there = path in OUTSIDE or path.startswith("docs/")
    return place if is_there and files.get_file_from_path(place) else None

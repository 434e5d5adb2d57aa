"""Format files of auger.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from auger_reconcile.errors import AugerError, ConfigError


@dataclass(frozen=True)
class LaidOut:
    """One file.

    Attributes:
        is_changed: whether its text is not canonical, or was not before it was written.
        text: the canonical form.
    """

    path: Path
    is_changed: bool
    text: str


def lay_out_files(paths: Sequence[Path], *, write: bool) -> tuple[LaidOut, ...]:
    """Bring files into their canonical form, overlays beside them included.

    Nothing is written before every file has been laid out.

    Args:
        paths: files, or folders of which every auger.yaml is meant; `-` is the standard input.
        write: False only looks; what came from the standard input is never written.

    Raises:
        ConfigError: a file is no YAML; no file is written.
        AugerError: a file cannot be written.
    """
    from auger_reconcile.config.edit.format import lay_out
    from auger_reconcile.config.edit.write import replace_file
    from auger_reconcile.config.syntax.text import STDIN, read_text

    texts: dict[Path, str] = {}
    found = []
    for path in _with_overlays(paths):
        file, problems = read_text(path)
        if file is None:
            raise ConfigError(problems)
        text = lay_out(file)
        found.append(LaidOut(path, is_changed=text != file.text, text=text))
        if text != file.text and path != STDIN:
            texts[path] = text
    try:
        for path, text in texts.items() if write else ():
            replace_file(path, text)
    except OSError as error:
        raise AugerError(f"`{path}` cannot be written: {error.strerror}") from None
    return tuple(found)


def _with_overlays(paths: Sequence[Path]) -> Iterator[Path]:
    from auger_reconcile.config.files.find_files import find_files
    from auger_reconcile.config.syntax.text import STDIN

    files, problems = find_files(paths)
    if problems:
        raise ConfigError(problems)
    for path in files:
        yield path
        if path == STDIN:
            continue
        yield from sorted(path.parent.glob(f"{path.stem}.*{path.suffix}"))

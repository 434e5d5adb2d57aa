"""Write what the hub has of a project as an auger.yaml of which the plan is empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from auger_reconcile.errors import AugerError, ConfigError, NotFound

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.resources._spec import Spec
    from auger_reconcile.state import DesiredState, ObservedState

WriteFiles: TypeAlias = Callable[[Mapping[Path, str]], None]


@dataclass(frozen=True)
class Pulled:
    """What was found, and what came of it.

    Attributes:
        text: an auger.yaml; of an existing file that was changed, the text it has now.
        left_out: what the hub has and the text does not say.
        differs: what the plan of an existing file would still do.
        changed: the files that were written.
    """

    project: str
    text: str
    left_out: tuple[str, ...]
    differs: tuple[str, ...] = ()
    changed: tuple[Path, ...] = ()

    @property
    def is_written(self) -> bool:
        """Whether a file was changed."""
        return bool(self.changed)


def pull(
    context: Context, project: str, *, everything: bool = False, replaced: Path | None = None
) -> Pulled:
    """Return an auger.yaml that describes a project; nothing is written.

    What no hub knows is kept, where a file of the project says it: `lifecycle` and `moved`.

    Args:
        context: connected to the hub.
        project: its name.
        everything: older revisions of data sets and experiments too.
        replaced: the file that says it; by default that of the context.

    Raises:
        NotFound: there is no such project.
    """
    from auger_reconcile.config.edit.render import render_state
    from auger_reconcile.planner.pull.import_state import import_state
    from auger_reconcile.planner.pull.keep_lifecycle import keep_lifecycle

    observed = _observe(context, project)
    imported = import_state(observed, project, everything=everything, is_allowed=_may_be_written)
    file, lost = replaced or context.file, list[str]()
    if file.exists():
        try:
            imported = keep_lifecycle(imported, _load(context, file), observed, project)
        except ConfigError:
            lost.append(f"`lifecycle` and `moved` of `{file}`, which is not valid")
    organization, hub = context.session.organization, context.name_of("hub")
    rendered = render_state(replace(imported.state, organization=organization, hub=hub))
    return Pulled(project, rendered.text, (*imported.left_out, *rendered.left_out, *lost))


def pull_into(context: Context, file: Path, project: str, *, everything: bool = False) -> Pulled:
    """Change an existing auger.yaml so that its plan is empty, and no byte besides.

    What differs is changed, what the hub does not have goes, what nothing declares is added;
    comments of what stays are kept. With an overlay (`env`) all of it is written there.

    Args:
        context: connected to the hub.
        file: of which auger.yaml.
        project: its name.
        everything: older revisions too, of what the file does not declare.

    Raises:
        AugerError: the file declares another project.
        ConfigError: the file is not valid, or cannot be changed without touching something else.
        NotFound: there is no such project.
    """
    with _rewriting() as write_files:
        first = _write_changes(context, file, project, write_files, everything=everything)
        if not first.differs:
            return first
        # Data of what was absent is looked at now that it is not.
        again = _write_changes(context, file, project, write_files, everything=everything)
    changed = tuple(dict.fromkeys((*first.changed, *again.changed)))
    left_out = tuple(dict.fromkeys((*first.left_out, *again.left_out)))
    return replace(again, changed=changed, left_out=left_out)


def _write_changes(
    context: Context, file: Path, project: str, write_files: WriteFiles, *, everything: bool
) -> Pulled:
    """Change the file once; its plan may then say more of data that was not looked at."""
    from auger_reconcile.config.edit.diff_declarations import changes_between
    from auger_reconcile.config.edit.project_files import Layers
    from auger_reconcile.planner.pull.merge_state import merge_state

    desired = _load(context, file)
    if project not in desired.projects:
        raise AugerError(
            f"`{file}` declares {', '.join(desired.projects)}, not {project}",
            hint="`--force` replaces the file, `--out FILE` writes another one",
        )
    observed = _observe(context, project)
    imported = merge_state(
        desired, observed, project, everything=everything, is_allowed=_may_be_written
    )
    layers = Layers(file, project, context.env)
    mine = {at: one for at, one in desired.resources.items() if at.project == project}
    changes = changes_between(layers.settings, mine, imported.state.resources)
    texts = layers.texts_with(changes)
    write_files(texts)
    differs = tuple(_differences(_load(context, file), observed, project))
    text = file.read_text(encoding="utf-8")
    return Pulled(project, text, imported.left_out, differs, tuple(texts))


def _load(context: Context, file: Path) -> DesiredState:
    from auger_reconcile.config.load import load_desired_state

    return load_desired_state(
        [file],
        env=context.env,
        variables=context.variables,
        environ=context.environ,
        needs_sources=False,
    ).state


@contextmanager
def _rewriting() -> Iterator[WriteFiles]:
    """Yield what writes files; what stood there comes back when they cannot be read any more."""
    from auger_reconcile.config.edit.write import replace_file

    before: dict[Path, bytes] = {}

    def write_files(texts: Mapping[Path, str]) -> None:
        before.update({path: path.read_bytes() for path in texts if path not in before})
        for path, text in texts.items():
            replace_file(path, text)

    try:
        yield write_files
    except ConfigError:
        for path, old in before.items():
            path.write_bytes(old)
        raise
    except OSError as error:
        raise AugerError(f"`{error.filename}` cannot be written: {error.strerror}") from None


def _observe(context: Context, project: str) -> ObservedState:
    observed = context.observe(project)
    if not observed.of(project, "project"):
        raise NotFound(f"project `{project}` does not exist", hint="auger project list")
    return observed


def _may_be_written(spec: Spec) -> bool:
    """Say whether a file may hold a declaration: no secret of a URL, no name no file can have."""
    from auger_reconcile.config.declarations.names import fault_of_name
    from auger_reconcile.redact import redact

    source = getattr(spec, "source", None) or ""
    return fault_of_name(spec.name) is None and redact(source) == source


def write(file: Path, pulled: Pulled) -> Pulled:
    """Write what was pulled into a file, whole or not at all.

    Raises:
        AugerError: it cannot be written.
    """
    from auger_reconcile.config.edit.write import replace_file

    try:
        replace_file(file, pulled.text)
    except OSError as error:
        raise AugerError(f"`{file}` cannot be written: {error.strerror}") from None
    return replace(pulled, changed=(file,))


def _differences(desired: DesiredState, observed: ObservedState, project: str) -> Iterator[str]:
    from auger_reconcile.planner.build import build_plan

    for action in build_plan(desired, observed).actions:
        if action.address.project == project:
            yield f"{action.verb.value} {action.address}: {action.reason}"

"""Model: a trial of an experiment, deployed on the hub or downloaded.

A model follows its experiment: `best` is the best trial, by the declared metric, of the completed
runs on the experiment's present data. Wire contract §2.12 (trial), §2.13 (pipeline) and §2.14
(export).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple

from auger_reconcile.errors import NotFound
from auger_reconcile.resources._base import (
    AGAIN,
    Assessment,
    Finding,
    Kind,
    Loss,
    Reference,
    Scene,
    Verb,
    Wanted,
    Work,
)
from auger_reconcile.resources._deployment import (
    DEPLOYING,
    LOCAL_READS,
    READY,
    UNDEPLOYING,
    ModelObject,
    check_ready,
    deploy,
    download,
    from_wire,
    local_from_note,
    undeploy,
    wait_ready,
)
from auger_reconcile.resources._gating import ask_gates, judge_live, pass_gates, tell_gates
from auger_reconcile.resources._rolling import (
    assess_rollout,
    begin,
    begin_beside,
    change_share,
    deployed_by_hand,
    is_best,
    promote,
    stand_in,
    standing_of,
    stay_beside,
    tell_begin,
    tell_besides,
    was_aborted,
)
from auger_reconcile.resources._spec import Spec, Trait, setting
from auger_reconcile.resources._steps import Remove, Steps
from auger_reconcile.resources._watching import (
    IGNORED,
    Ignored,
    check_causes,
    check_monitor,
    set_monitor,
    watch,
)
from auger_reconcile.resources.gates.bouts import (
    decide_before,
    evaluations_of,
    folds_of,
    named_before,
)
from auger_reconcile.resources.gates.check import check_gate, check_range, check_segments
from auger_reconcile.resources.gates.consumers import Consumer, check_consumers
from auger_reconcile.resources.gates.gate import Gate
from auger_reconcile.resources.gates.monitor import Monitor, to_wire
from auger_reconcile.resources.gates.rollout import Rollout, check_rollout
from auger_reconcile.resources.names.revisions import name_key
from auger_reconcile.resources.search.runs import ExperimentObject
from auger_reconcile.resources.search.trials import BEST, NO_SCORE, best_run, choose_trial


class ModelSpec(Spec):
    """A trial that is deployed on the hub, or downloaded."""

    experiment: str | None = setting(
        default=None,
        description="Name of the declared experiment it comes from; a trial id needs none.",
    )
    trial: str = setting(default=BEST, description="`best` by the metric, or a trial id.")
    min_score: float | None = setting(
        default=None,
        description="Gate: nothing is deployed below this score.",
        traits=[Trait.RAIL],
        allow_inf_nan=False,
    )
    gate: Gate | None = setting(
        default=None,
        description="What a trial has to reach before it takes the place of the live model.",
        traits=[Trait.RAIL],
    )
    rollout: Rollout | None = setting(
        default=None,
        description="How a new trial takes the place of the live model; by default at once.",
        traits=[Trait.RAIL],
    )
    monitor: Monitor | None = setting(
        default=None,
        description="How good it has to stay: limits whose breach opens an alert.",
        traits=[Trait.RAIL],
    )
    consumers: Mapping[str, Consumer] = setting(
        default_factory=dict,
        description="Who asks the model, by name: a plan tells whom it breaks.",
        traits=[Trait.LOCAL],
    )
    locally: bool = setting(
        default=False, description="Download the export instead of deploying on the hub."
    )
    state: str = setting(
        default="deployed",
        description="`deployed`, or `absent`.",
        traits=[Trait.LOCAL],
        pattern="^(deployed|absent)$",
    )


class Model(Kind[ModelSpec, ModelObject]):
    """The model kind."""

    name = "model"
    plural = "models"
    refers_to = (Reference("experiment", "experiment"),)
    spec = ModelSpec
    object = ModelObject
    reads = ("pipelines", LOCAL_READS)
    states: ClassVar = {"deployed": Wanted.PRESENT, "absent": Wanted.ABSENT}
    losses: ClassVar = {Verb.DELETE: Loss.TRAFFIC}  # at worst; see `loss`
    needs_active: ClassVar = {Verb.CREATE: ("project",)}

    def observe(
        self, answers: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> tuple[ModelObject, ...]:
        """Translate pipelines and downloaded exports; what is undeployed is no object any more."""
        pipelines = (from_wire(item) for item in answers["pipelines"] if not item.get("deleted"))
        exports = (local_from_note(note) for note in answers.get(LOCAL_READS, ()))
        gone = ("undeployed", UNDEPLOYING)
        return (*(item for item in pipelines if item.status not in gone), *exports)

    def check_written(self, settings: Mapping[str, Any]) -> Iterator[Finding]:
        """Miss the experiment, unless a trial is named."""
        is_needed = settings.get("trial", BEST) == BEST and settings.get("state") != "absent"
        if is_needed and "experiment" not in settings:
            hint = "`model` needs `experiment`, unless `trial` is the id of one"
            yield Finding("missing-field", "a field is missing", (), hint, "`experiment`")

    def check(self, spec: ModelSpec, refs: Mapping[str, Any]) -> Iterator[Finding]:
        """Compare the gate with the range of the metric, and with what there is to judge by."""
        experiment = refs.get("experiment")
        yield from check_rollout(spec.rollout, locally=spec.locally)
        yield from check_monitor(spec.monitor, experiment, locally=spec.locally)
        if spec.state != "absent":
            yield from check_causes(spec.monitor, experiment)
            yield from check_segments(spec.gate, spec.monitor, refs)
        if spec.gate is not None:
            yield from check_gate(spec.gate, spec.min_score, experiment)
        if experiment is not None:
            yield from check_range(spec.gate, spec.min_score, experiment.scoring)

    def affected(self, spec: ModelSpec, refs: Callable[[], Mapping[str, Any]]) -> Iterable[Finding]:
        """Those who ask it, where it takes or predicts other columns than theirs."""
        return check_consumers(spec.consumers, refs()) if spec.consumers else ()

    def check_all(self, specs: Iterable[ModelSpec]) -> Iterator[tuple[str, Finding]]:
        """Refuse two that are one trial on the hub, which would be watched in two ways in turns."""
        first: dict[tuple[str | None, str], ModelSpec] = {}
        for spec in specs:
            if spec.state == "absent" or _watched(spec) is IGNORED:
                continue
            source = None if spec.trial != BEST else spec.experiment
            other = first.setdefault((source, spec.trial), spec)
            for name in ("monitor", "rollout"):
                if getattr(spec, name) != getattr(other, name):
                    summary = (
                        f"another `{name}` than that of `{other.name}`, which is the same trial"
                    )
                    hint = (
                        f"a hub has one model of a trial: declare one `{name}` in both, or in none"
                    )
                    yield spec.name, Finding("same-model", summary, (), hint)

    def index_keys(self, found: ModelObject) -> Iterable[str]:
        """By trial, by run and by the name of the declaration that made it."""
        return (f"trial:{found.trial_id}", f"run:{found.run_id}", name_key(found.name))

    def lookup(self, spec: ModelSpec, refs: Mapping[str, Assessment]) -> Iterable[str]:
        """What was made of any run of its experiment, or bears its name, or is its trial."""
        known = refs["experiment"].revisions if "experiment" in refs else ()
        runs = (run for item in known for run in item.runs)
        return (
            f"trial:{spec.trial}",
            name_key(spec.name),
            *(f"run:{run.id}" for run in runs),
        )

    def assess(self, spec: ModelSpec, scene: Scene) -> Assessment:
        """Find the wanted trial among what is live, and what it would supersede."""
        experiment = scene.refs.get("experiment", Assessment(""))
        live = [item for item in scene.objects if (item.path is not None) == spec.locally]
        found = _wanted_trial(spec, live, experiment)
        wanted = found.live
        owned = [item for item in live if is_owned(item, spec, experiment)]
        by_hand = deployed_by_hand(live, experiment) if spec.trial == BEST else []
        owned = owned or stand_in(by_hand, experiment, live, {spec.name, *spec.formerly})
        if spec.trial == BEST and experiment.pending:
            return _assess_after_run(spec, experiment, owned)
        if spec.trial == BEST and found.score is None:
            unscored = f"experiment.{spec.experiment} has {NO_SCORE}"
            return Assessment(spec.name, refusal=unscored, revisions=tuple(owned))
        if wanted and wanted is not standing_of(owned).live:
            rolling = assess_rollout(spec.rollout, spec.name, wanted, owned, present=scene.present)
            if rolling is not None:
                return _and_watched(rolling, spec)
        if wanted and wanted.status in DEPLOYING | {READY}:
            rest = tuple(item for item in owned if item != wanted)
            told = judge_live(spec, wanted, experiment)
            told = tell_besides(one for one in by_hand if one not in (wanted, *owned)) | told
            return Assessment(
                spec.name,
                object=wanted,
                superseded=rest,
                revisions=(wanted, *rest),
                **(told | watch(_watched(spec), wanted, cautioned="caution" in told)),
            )
        return _assess_new(spec, experiment, found, owned)

    def renew(self, spec: ModelSpec, assessment: Assessment, scene: Scene) -> Assessment:
        """The same trial is deployed once, so that the old deployment goes first."""
        found: ModelObject | None = assessment.object
        if found is None:
            return assessment
        score = f", {found.score:.4f}" if found.score is not None else ""
        return assessment._replace(
            object=None,
            create=AGAIN,
            broken=(found, *assessment.superseded),
            superseded=(),
            detail={Verb.CREATE: f"trial {found.trial_id}{score}"},
        )

    def facts(self, spec: ModelSpec | None, found: ModelObject | None) -> Mapping[str, str]:
        """Which trial is wanted, and which one is live."""
        facts = {}
        if spec:
            of = f" of experiment.{spec.experiment}" if spec.experiment else ""
            facts["declared"] = f"{'best' if spec.trial == BEST else spec.trial}{of}"
            facts["declared"] += tell_gates(spec)
        if found:
            told = [found.algorithm, f"run {found.run_id}" if found.run_id else None, found.status]
            facts["trial"] = ", ".join([found.trial_id, *(part for part in told if part)])
        if found and found.score is not None:
            facts["score"] = f"{found.metric or 'score'} {found.score:.4f}"
        return facts

    def declarations(
        self, found: ModelObject, among: Mapping[str, Sequence[Any]]
    ) -> Iterator[ModelSpec]:
        """As the best of its experiment, or by its trial; downloads are not on the hub."""
        if found.path is not None or found.status not in DEPLOYING | {READY}:
            return
        if any(one.rollout and one.rollout.challenger == found.id for one in among["model"]):
            return  # it stands beside the one that is declared
        names = [one.name for one in among["model"]]
        is_named_alone = found.name is not None and names.count(found.name) == 1
        name = str(found.name) if is_named_alone else f"model-{found.trial_id}"
        watched = {"monitor": found.monitor} if found.monitor else {}
        for experiment in among["experiment"]:
            if any(run.id == found.run_id for run in experiment.runs):
                of = {"name": name, "experiment": experiment.name, **watched}
                yield ModelSpec(**of)
                yield ModelSpec(**of, trial=found.trial_id)
        yield ModelSpec(name=name, trial=found.trial_id, **watched)
        yield ModelSpec(name=f"model-{found.trial_id}", trial=found.trial_id, **watched)

    def follow(self, found: ModelObject) -> Steps | None:
        """Wait until it answers."""
        return wait_ready(found.id, found.trial_id) if found.status in DEPLOYING else None

    def create(self, work: Work) -> Steps:
        """Wait for the run, choose the trial, pass the gate, deploy or download.

        One that stands beside the live model already was measured when it began: it is promoted.
        """
        spec: ModelSpec = work.spec
        trial = yield from choose_trial(spec.trial, work.refs.get("experiment"))
        chosen = str(trial["id"])
        beside: ModelObject | None = work.previous
        live = [i for i in (beside, *work.superseded) if i and i.status in DEPLOYING | {READY}]
        watched = {"monitor": to_wire(spec.monitor)} if spec.monitor else {}
        if promoted := (yield from promote(work.superseded, chosen, watched)):
            return promoted
        if found := next((one for one in live if one.trial_id == chosen), None):
            if beside is None or found is beside:  # the run brought nothing better
                return (yield from set_monitor(found, _watched(spec)))
            return (yield from stay_beside(found, beside, spec.rollout, _watched(spec)))
        yield from pass_gates(spec, trial, [beside] if beside else live, work)
        if spec.locally:
            return (yield from download(chosen, trial))
        if beside and spec.rollout:
            watched = yield from begin_beside(spec.rollout, beside, chosen, _watched(spec))
        item = yield from deploy({"trial_id": trial["id"], "name": work.name, **watched})
        if item.get("status") in DEPLOYING:
            item = yield from wait_ready(item["id"], trial["id"])
        check_ready(item, trial["id"])
        return replace(from_wire({"trial": trial, **item}), expected=trial.get("expected"))

    def start(self, work: Work) -> Steps:
        """Bring the monitor of what is live to the declared, and the share of what is beside it."""
        spec: ModelSpec = work.spec
        live = yield from set_monitor(work.object, _watched(spec))
        return (yield from change_share(live, spec.rollout)) if spec.rollout else live

    def delete(self, work: Work) -> Steps:
        """Undeploy, or remove the download."""
        if work.object.path is not None:
            yield Remove(work.object.path)
            return
        with suppress(NotFound):
            yield from undeploy(work.object)

    def is_at_home(self, found: ModelObject) -> bool:
        """A download lies in the folder of auger.yaml and stays there."""
        return found.path is None

    def bears(self, found: ModelObject, name: str) -> bool:
        """A hub that keeps no names cannot tell; then it may have been."""
        return found.name is None or name_key(found.name) == name_key(name)

    def describe(self, found: ModelObject) -> str:
        """The trial with its algorithm and score: `trial 8f2c, LGBMClassifier, roc_auc 0.9100`."""
        score = f"{found.metric or 'score'} {found.score:.4f}" if found.score is not None else None
        told = (f"trial {found.trial_id}", found.algorithm, score)
        return ", ".join(part for part in told if part)

    def loss(self, verb: Verb, found: ModelObject | None) -> Loss:
        """Only what is live can stop answering; a download can be repeated while its trial is."""
        if verb is not Verb.DELETE or found is None:
            return Loss.NONE
        if found.path is not None:
            return Loss.ARTIFACTS
        return Loss.TRAFFIC if found.status == READY else Loss.NONE


def _and_watched(rolling: Assessment, spec: ModelSpec) -> Assessment:
    """Return how a model stands whose live one may be watched by other limits than declared."""
    if rolling.object is None:
        return rolling
    told = watch(_watched(spec), rolling.object, cautioned=True)
    return rolling._replace(**told | ({"restart": rolling.restart} if rolling.restart else {}))


def _trial_id(spec: ModelSpec, experiment: Assessment) -> str | None:
    """Return the id of the wanted trial, where a plan knows it."""
    if spec.trial != BEST:
        return spec.trial
    found: ExperimentObject | None = experiment.object
    best = best_run(found.runs, found.run) if found else None
    return best.account.best_trial if best else None


def _watched(spec: ModelSpec) -> Monitor | Ignored | None:
    """Return what is to be watched, or that it does not matter."""
    return IGNORED if spec.locally or "monitor" in spec.lifecycle.ignore_changes else spec.monitor


def is_owned(found: ModelObject, spec: ModelSpec, experiment: Assessment) -> bool:
    """Say whether something live was brought forth by this declaration, now or in the past.

    The declared trial is. A hub that keeps names tells of others. Otherwise: it was the best trial
    of a run of this experiment, of any revision; what a person deployed by hand (another trial) is
    not touched, but for the one that stood for the name where nothing bears it.
    """
    if spec.trial == found.trial_id:
        return True
    if found.name is not None:
        return name_key(found.name) == name_key(spec.name)
    runs = (run for item in experiment.revisions for run in item.runs)
    return spec.trial == BEST and any(is_best(found, run) for run in runs)


class _Found(NamedTuple):
    """The wanted trial: what is live of it, its score, and what to expect; where known."""

    live: ModelObject | None
    score: float | None = None
    outlook: str = ""


def _assess_after_run(
    spec: ModelSpec, experiment: Assessment, owned: Sequence[ModelObject]
) -> Assessment:
    """Return what follows a run that is still to tell the best trial."""
    beside, superseded, refusal = begin(spec.rollout, owned)
    begins = f", {tell_begin(spec.rollout, beside)}" if spec.rollout and beside else ""
    text = f"{_which(spec)} (known after the run){tell_gates(spec)}{begins}"
    return Assessment(
        spec.name,
        create="the run decides which trial is the best",
        refusal=refusal,
        superseded=superseded,
        previous=beside,
        revisions=tuple(owned),
        unknown=("trial", "score"),
        pending=True,
        detail={Verb.CREATE: text},
        gate=decide_before(spec, experiment, [beside] if beside else owned),
    )


def _assess_new(
    spec: ModelSpec, experiment: Assessment, found: _Found, owned: Sequence[ModelObject]
) -> Assessment:
    """Return how a trial that does not answer is deployed, or what keeps it from that."""
    beside, superseded, refused = begin(spec.rollout, owned)
    refusal, decision = ask_gates(spec, experiment, found.score, [beside] if beside else owned)
    aborted = was_aborted(beside, _trial_id(spec, experiment))
    if refused or refusal or aborted:
        told: dict[str, Any] = {"caution": aborted, "caution_code": "rollout-aborted"}
        return Assessment(
            spec.name,
            object=None if refused or refusal else beside,
            refusal=refused or refusal,
            revisions=tuple(owned),
            gate=decision,
            **(told if aborted else {}),
        )
    broken = (found.live,) if found.live else ()
    best = f", {found.score:.4f}{found.outlook}" if spec.trial == BEST else f" {spec.trial}"
    return Assessment(
        spec.name,
        create=_why_new(owned, broken, spec, beside),
        broken=broken,
        superseded=tuple(item for item in superseded if item not in broken),
        previous=beside,
        revisions=tuple(owned),
        unknown=("trial",) if spec.trial == BEST else (),
        detail={Verb.CREATE: f"{_which(spec)}{best}{tell_gates(spec)}"},
        gate=decision,
    )


def _which(spec: ModelSpec) -> str:
    return f"best trial of experiment.{spec.experiment}" if spec.trial == BEST else "trial"


def _wanted_trial(spec: ModelSpec, live: Sequence[ModelObject], experiment: Assessment) -> _Found:
    """Find the trial that is to be live."""
    found: ExperimentObject | None = experiment.object
    if spec.trial != BEST:
        deployed = next((item for item in live if item.trial_id == spec.trial), None)
        if deployed is not None:
            return _Found(deployed, deployed.score)
        named = named_before(spec.trial, found, tuple(evaluations_of(experiment.revisions)))
        own = next((one.found_by for one in named.evaluations if one.trial_id == spec.trial), None)
        folds = folds_of(named)
        known = named.on(folds) if folds and own in (None, named.run_id) else None
        return _Found(None, known.score if known else None)
    best = best_run(found.runs, found.run) if found else None
    if best is None:
        return _Found(None)
    expected = best.account.expected
    outlook = f" ({expected.outlook})" if expected else ""
    deployed = next((item for item in live if is_best(item, best)), None)
    return _Found(deployed, best.score, outlook)


def _why_new(
    owned: Sequence[ModelObject],
    broken: Sequence[ModelObject],
    spec: ModelSpec,
    beside: ModelObject | None,
) -> str:
    if broken:
        told = broken[0].error or f"status `{broken[0].status}`"
        return f"its deployment failed: {told}"
    if spec.rollout and beside:
        return tell_begin(spec.rollout, beside)
    if owned:
        return f"replaces trial {owned[-1].trial_id}"
    return "not deployed"


KIND = Model()

from dataclasses import replace
from typing import Any

import pytest

from auger_reconcile.errors import ActionFailed, Conflict, HubError
from auger_reconcile.resources._base import Loss, Verb
from auger_reconcile.resources._deployment import ModelObject, from_wire, local_from_note
from auger_reconcile.resources._steps import Await, Download, ReadAll, Remove, Send
from auger_reconcile.resources.experiment import ExperimentSpec
from auger_reconcile.resources.gates.gate import Gate
from auger_reconcile.resources.gates.measured import evaluations_from_wire
from auger_reconcile.resources.model import KIND, ModelSpec
from auger_reconcile.resources.search.account import Account
from auger_reconcile.resources.search.runs import ExperimentObject, Run

from .driving import CONFLICT, GONE, REFUSED, drive, work

SPEC = ModelSpec(name="prod", experiment="exp", min_score=0.5)
LOCAL = ModelSpec(name="prod", experiment="exp", locally=True)
DEPLOY = Send("POST", "pipelines", {"trial_id": "T1", "name": "prod"})
UNDEPLOY = Send("PATCH", "pipelines/T1", {"status": "undeploying"})
READ = Send("GET", "pipelines/T1")
SETTINGS = {"metric": "f1_macro", "target": "age", "model_type": "classification"}


def run(run_id: str, score: float | None, status: str = "completed", **settings: Any) -> Run:
    return Run(run_id, status, {**SETTINGS, **settings}, score, f"2020-{run_id}")


def experiment(*runs: Run) -> ExperimentObject:
    return ExperimentObject("E1", "exp", 11, runs, runs[-1] if runs else None)


def trial(trial_id: str, score: float | None) -> dict[str, Any]:
    return {"id": trial_id, "score_value": score, "score_name": "f1_macro"}


def pipeline(status: str = "ready", **more: Any) -> dict[str, Any]:
    return {
        "id": "T1",
        "status": status,
        "trial_id": "T1",
        "experiment_session_id": "R1",
        "trial": {
            **trial("T1", 0.9),
            "hyperparameter": {"algorithm_name": "xgboost.XGBClassifier"},
        },
        **more,
    }


BEST = [trial("T2", 0.8), trial("T1", 0.9), trial("T3", None)]
EXPERIMENT = experiment(run("R1", 0.9))


def create(spec: ModelSpec = SPEC, found: Any = EXPERIMENT, **more: Any) -> Any:
    return KIND.create(work(spec, refs={"experiment": found}, **more))


def test_a_pipeline_is_read_with_its_trial() -> None:
    found = from_wire(pipeline(name="prod"))
    assert found == ModelObject("T1", "T1", "prod", "ready", "R1", 0.9, "f1_macro", "XGBClassifier")


def test_a_pipeline_of_the_past_has_another_id_than_its_trial() -> None:
    old = pipeline(id="a1b2", trial_id=None, trial={**trial("T1", 0.9), "experiment_session_id": 7})
    found = from_wire({**old, "experiment_session_id": None})
    assert (found.id, found.trial_id, found.run_id) == ("a1b2", "T1", "7")


def test_a_pipeline_without_a_trial_has_no_score() -> None:
    found = from_wire({"id": "T1", "status": "ready", "trial": None})
    assert (found.trial_id, found.score, found.run_id) == ("T1", None, None)


def test_what_is_undeployed_is_no_object_any_more() -> None:
    going = [pipeline("undeployed"), pipeline("undeploying"), pipeline(deleted=True)]
    answers: dict[str, Any] = {
        "pipelines": [*going, pipeline("packaging")],
        "local_exports": [{"trial_id": "T9", "path": "models/model-T9.zip"}],
    }
    assert [found.status for found in KIND.observe(answers)] == ["packaging", "ready"]


def test_create_chooses_the_best_trial_and_deploys_it() -> None:
    asked, found = drive(create(), BEST, pipeline("packaging"), pipeline())
    assert asked[0] == ReadAll("trials", {"experiment_session_id": "R1"})
    assert asked[1] == DEPLOY
    assert isinstance(asked[2], Await)
    assert (found.trial_id, found.score) == ("T1", 0.9)


def test_create_waits_for_the_run_first() -> None:
    busy = run("R1", None, "started")
    wire = {"id": "R1", "status": "completed", "top_score_value": 0.9, "created_at": "2020-R1"}
    settings = {"evaluation_options": {"scoring": "f1_macro", "targetFeature": "age"}}
    wire |= {"model_settings": settings, "model_type": "classification"}
    asked, _ = drive(create(found=experiment(busy)), wire, BEST, pipeline())
    assert isinstance(asked[0], Await)
    assert asked[0].collection == "experiment_sessions"


def test_create_takes_the_best_of_all_runs_that_compare() -> None:
    runs = (run("R0", 0.99, metric="accuracy"), run("R1", 0.9), run("R2", 0.7))
    asked, _ = drive(create(found=experiment(*runs)), BEST, pipeline())
    assert asked[0] == ReadAll("trials", {"experiment_session_id": "R1"})


def test_create_takes_an_explicit_trial_as_it_is() -> None:
    asked, _ = drive(create(ModelSpec(name="prod", trial="T1"), None), trial("T1", 0.1), pipeline())
    assert asked[0] == Send("GET", "trials/T1")


@pytest.mark.parametrize("score", [0.4, None])
def test_the_gate_holds_back(score: float | None) -> None:
    spec = ModelSpec(name="prod", trial="T1", min_score=0.5)
    with pytest.raises(ActionFailed, match=r"gate: the score of trial T1 is .*, below 0\.5"):
        drive(create(spec, None), trial("T1", score))


def test_what_is_live_and_still_the_best_is_kept() -> None:
    live = from_wire(pipeline())
    asked, found = drive(create(superseded=(live,)), BEST)
    assert len(asked) == 1
    assert found is live


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "there is no experiment"),
        (experiment(), "no completed run with a score"),
        (experiment(run("R1", None)), "no completed run with a score"),
    ],
)
def test_nothing_to_choose_from_fails(found: Any, words: str) -> None:
    with pytest.raises(ActionFailed, match=words):
        next(create(found=found))


def test_a_run_whose_trials_have_no_score_fails() -> None:
    with pytest.raises(ActionFailed, match="run R1 has no trial with a score"):
        drive(create(), [trial("T3", None)])


def test_a_deployment_that_fails_says_why() -> None:
    with pytest.raises(ActionFailed, match="T1 could not be deployed: no space"):
        drive(create(), BEST, pipeline("packaged_with_error", error_message="no space"))


def test_a_deployment_waits_for_the_end_of_an_undeployment() -> None:
    answers = (BEST, REFUSED, pipeline("undeploying"), pipeline("undeployed"), pipeline())
    asked, _ = drive(create(), *answers)
    assert asked[1:3] == [DEPLOY, READ]
    assert asked[4] == DEPLOY


@pytest.mark.parametrize("answer", [pipeline(), GONE])
def test_a_deployment_that_is_refused_otherwise_fails(answer: Any) -> None:
    with pytest.raises(HubError, match="model is undeploying"):
        drive(create(), BEST, REFUSED, answer)


def test_a_deployment_without_an_answer_is_not_repeated() -> None:
    with pytest.raises(HubError, match="gone"):
        drive(create(), BEST, HubError("gone", status=503))


def test_a_download_waits_for_the_export_and_leaves_a_note() -> None:
    item = {"id": 5, "signed_s3_model_path": "https://files.test/export_T1.zip"}
    asked, found = drive(create(LOCAL), BEST, {"id": 5}, item, None)
    assert asked[1] == Send("POST", "pipeline_files", {"trial_id": "T1"})
    assert isinstance(asked[3], Download)
    assert (asked[3].path, asked[3].url) == ("models/model-T1.zip", item["signed_s3_model_path"])
    assert found == local_from_note({**asked[3].note, "path": asked[3].path})
    assert (found.run_id, found.score) == ("R1", 0.9)


def test_an_export_that_fails_says_why() -> None:
    item = {"id": 5, "signed_s3_model_path": None, "error_message": "too big"}
    with pytest.raises(ActionFailed, match="T1 could not be exported: too big"):
        drive(create(LOCAL), BEST, {"id": 5}, item)


def test_undeploy_waits_until_it_is_gone() -> None:
    steps = KIND.delete(work(SPEC, from_wire(pipeline())))
    asked, _ = drive(steps, pipeline("undeploying"), pipeline("undeployed"))
    assert asked[0] == UNDEPLOY
    assert asked[1] == Await("pipelines", "T1", frozenset({"ready", "undeploying"}))


def test_undeploy_of_what_is_being_deployed_waits_for_that_first() -> None:
    steps = KIND.delete(work(SPEC, from_wire(pipeline("packaging"))))
    asked, _ = drive(steps, pipeline(), pipeline("undeploying"), pipeline("undeployed"))
    assert isinstance(asked[0], Await)
    assert asked[1] == UNDEPLOY


@pytest.mark.parametrize("answers", [(GONE,), (CONFLICT, pipeline("undeployed")), (CONFLICT, GONE)])
def test_undeploy_takes_gone_for_undeployed(answers: tuple[Any, ...]) -> None:
    asked, _ = drive(KIND.delete(work(SPEC, from_wire(pipeline()))), *answers)
    assert asked[0] == UNDEPLOY


def test_undeploy_that_is_refused_fails() -> None:
    with pytest.raises(Conflict):
        drive(KIND.delete(work(SPEC, from_wire(pipeline()))), CONFLICT, pipeline())


def test_a_download_is_removed() -> None:
    found = local_from_note({"trial_id": "T1", "path": "models/model-T1.zip"})
    asked, _ = drive(KIND.delete(work(LOCAL, found)), None)
    assert asked == [Remove("models/model-T1.zip")]


@pytest.mark.parametrize(
    ("verb", "found", "loss"),
    [
        (Verb.CREATE, None, Loss.NONE),
        (Verb.DELETE, from_wire(pipeline()), Loss.TRAFFIC),
        (Verb.DELETE, from_wire(pipeline("packaged_with_error")), Loss.NONE),
        (Verb.DELETE, local_from_note({"trial_id": "T1", "path": "p"}), Loss.ARTIFACTS),
    ],
)
def test_only_what_is_live_can_stop_answering(verb: Verb, found: Any, loss: Loss) -> None:
    assert KIND.loss(verb, found) is loss


GATED = ModelSpec(name="prod", experiment="exp", gate=Gate(beats_live=True, segments={"age": 0.5}))
LIVE = from_wire({**pipeline(), "id": "T0", "trial_id": "T0", "trial": trial("T0", 0.8)})
HELD = replace(EXPERIMENT, held_out=("12", "h.csv"))
QUESTION = {
    "experiment_session_id": "R1",
    "trial_ids": ["T1", "T0"],
    "project_file_id": 12,
    "segments": ["age"],
}
RUN_OF_TRIAL = [{**one, "experiment_session_id": "R1"} for one in BEST]


def evaluated(**scores: float) -> dict[str, Any]:
    """Return an answered question: each trial has its score in every segment too."""
    results = [
        {
            "trial_id": name,
            "project_file_id": 12,
            "count": 60,
            "score": score,
            "segments": {"age": [{"value": "old", "count": 60, "score": score}]},
        }
        for name, score in scores.items()
    ]
    return {"id": "V1", "status": "done", "experiment_session_id": "R1", "results": results}


def gated(*answers: Any, found: Any = HELD, live: Any = (LIVE,)) -> Any:
    return drive(create(GATED, found, superseded=live), RUN_OF_TRIAL, *answers)


def test_a_gate_is_measured_before_anything_is_deployed() -> None:
    asked, found = gated({"id": "V1", "status": "waiting"}, evaluated(T1=0.9, T0=0.8), pipeline())
    assert asked[1] == Send("POST", "trial_evaluations", QUESTION)
    assert asked[2] == Await("trial_evaluations", "V1", frozenset({"waiting"}))
    assert asked[3] == DEPLOY
    assert found.trial_id == "T1"


def test_a_gate_that_is_closed_deploys_nothing_and_says_why() -> None:
    with pytest.raises(ActionFailed, match=r"0\.8000 on h\.csv is not better than 0\.9000") as told:
        gated(evaluated(T1=0.8, T0=0.9))
    assert told.value.hint is not None
    assert "the live model stays" in told.value.hint


def test_without_a_holdout_the_folds_of_the_run_are_asked_for_what_they_do_not_tell() -> None:
    with pytest.raises(ActionFailed, match="on the folds of run R1 is not measured yet"):
        gated(evaluated(), found=EXPERIMENT)


def test_what_the_hub_has_told_already_is_not_asked_again() -> None:
    told = evaluations_from_wire(evaluated(T1=0.9, T0=0.8)["results"], "R1")
    known = replace(EXPERIMENT.runs[0], account=Account(evaluations=told))
    found = replace(HELD, runs=(known,), run=known)
    asked, _ = gated(pipeline(), found=found)
    assert asked[1] == DEPLOY


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (GONE, "gate: this hub measures nothing but its board"),
        ({"status": "error", "error_message": "no memory"}, "could not be measured .*: no memory"),
        ({"status": "lost"}, "its status is `lost`"),
    ],
)
def test_a_hub_that_cannot_measure_is_told(answer: Any, words: str) -> None:
    with pytest.raises(ActionFailed, match=words):
        gated(answer)


def test_a_holdout_that_is_not_there_yet_cannot_be_asked() -> None:
    with pytest.raises(ActionFailed, match=r"gate: h\.csv is not on the hub yet"):
        gated(found=replace(EXPERIMENT, held_out=("", "h.csv")))


@pytest.mark.parametrize(
    ("gate", "more", "code"),
    [
        (Gate(), {}, "empty-gate"),
        (Gate(min_score=0.5), {"min_score": 0.5}, "declared-twice"),
        (Gate(min_score=0.5, on="holdout"), {}, "no-holdout"),
        (Gate(min_score=0.5, margin=0.1), {}, "unused-field"),
        (Gate(min_score=1.5), {}, "out-of-range"),
        (Gate(segments={"age": 1.5}), {}, "out-of-range"),
    ],
)
def test_a_gate_that_nothing_can_be_judged_by_is_refused(
    gate: Gate, more: dict[str, Any], code: str
) -> None:
    search = ExperimentSpec(name="exp", dataset="d", target="age", model_type="classification")
    spec = ModelSpec(name="prod", experiment="exp", gate=gate, **more)
    assert [found.code for found in KIND.check(spec, {"experiment": search})] == [code]


def test_a_gate_needs_its_experiment() -> None:
    spec = ModelSpec(name="prod", trial="T1", gate=Gate(min_score=0.5))
    assert [found.code for found in KIND.check(spec, {})] == ["missing-field"]

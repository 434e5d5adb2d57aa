"""Manage models from Python: auger.api.Model."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from auger_reconcile.api._names import check_id, hinting
from auger_reconcile.api.declared.model import DeclaredModel
from auger_reconcile.errors import AugerError, NotFound

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.api.evaluation import Evaluation
    from auger_reconcile.api.exports.local_predict import ExportedModel
    from auger_reconcile.api.health import Health
    from auger_reconcile.api.project import Project
    from auger_reconcile.api.runs.report import Report
    from auger_reconcile.client.predict import Frame, FrameT, HubModel
    from auger_reconcile.history.lineage import Lineage
    from auger_reconcile.planner.plan import Plan

Told = Callable[[int], None]
NoticesTold = Callable[[list[dict[str, Any]]], None]


class Model(DeclaredModel):
    """The models of a project: trials that are deployed on the hub, or downloaded.

    Args:
        context: credentials and settings.
        project: the project they are in; by default the one in auger.yaml.
    """

    def __init__(self, context: Context, project: Project | None = None) -> None:
        super().__init__(context, project.project_name if project else None)

    def list(self) -> Iterator[dict[str, Any]]:
        """Yield the properties of every model deployed on the hub.

        Models that were downloaded are not listed: the hub does not know of them.

        Raises:
            NotFound: the project does not exist.
        """
        for item in self._items("pipelines"):
            if not item.get("deleted") and item.get("status") != "undeployed":
                yield item

    def deploy(self, model_id: str, locally: bool = False) -> str:  # noqa: FBT001, FBT002 - the seed's signature
        """Deploy a trial on the hub, or download its export; return the model's id.

        Args:
            model_id: id of the trial, as the leaderboard shows it.
            locally: download it to `models/model-<id>.zip` beside auger.yaml.

        Raises:
            NotFound: there is no such trial or project.
        """
        self.context.apply_or_raise(self.plan_deploy(model_id, locally=locally))
        return model_id

    def undeploy(self, model_id: str) -> None:
        """Take a model off the hub.

        Raises:
            NotFound: it is not deployed.
        """
        self.context.apply_or_raise(self.plan_undeploy(model_id))

    @overload
    def predict(
        self,
        filename: str | Path,
        model_id: str | None = None,
        threshold: float | None = None,
        locally: bool = False,  # noqa: FBT001, FBT002
        on_rows: Told | None = None,
        *,
        on_notices: NoticesTold | None = None,
        proba: bool = False,
        explain: bool = False,
        form: str | None = None,
        to: str | Path | None = None,
    ) -> Path: ...

    @overload
    def predict(
        self,
        filename: FrameT,
        model_id: str | None = None,
        threshold: float | None = None,
        locally: bool = False,  # noqa: FBT001, FBT002
        on_rows: Told | None = None,
        *,
        on_notices: NoticesTold | None = None,
        proba: bool = False,
        explain: bool = False,
    ) -> FrameT: ...

    def predict(  # noqa: PLR0913 - what one prediction may be asked with, and who is told
        self,
        filename: str | Path | FrameT,
        model_id: str | None = None,
        threshold: float | None = None,
        locally: bool = False,  # noqa: FBT001, FBT002
        on_rows: Told | None = None,
        *,
        on_notices: NoticesTold | None = None,
        proba: bool = False,
        explain: bool = False,
        form: str | None = None,
        to: str | Path | None = None,
    ) -> Path | FrameT:
        """Predict every row of a file, or of a data frame of pandas.

        Args:
            filename: of CSV or JSON, compressed or not, Parquet or .xlsx; or a data frame.
            model_id: of a deployed model, or of a downloaded one with `locally`; or the name of a
                model that auger.yaml declares, which is asked where it is. By default the only one
                that auger.yaml declares, or that the project has deployed.
            threshold: of the positive class; adds a column `proba_<class>` for each class.
            locally: ask the downloaded export, not the hub.
            on_rows: told the number of rows done so far.
            on_notices: told what could not be read or was guessed, each a dict with `code`,
                `column`, `count` and `text`.
            proba: add a column `proba_<class>` for each class, without a threshold.
            explain: add `expected_value` and a column `contribution_<column>` for each column that
                the model needs; they sum up to the value, or to the probability of the second of
                two classes or of the predicted one of more; to its log-odds for LightGBM's trees.
            form: `csv`, `jsonl`, `parquet` or `xlsx`; by default what the file's name says.
            to: the file to write; by default `<file>_predicted` with the extension of its format.

        Returns:
            The path of the result; or a copy of the data frame with the predictions behind its
            columns, which has the notices in `attrs["notices"]`. Columns and index stay.

        Raises:
            NotFound: there is no such model.
            AugerError: the file cannot be read, or the model is not ready.
        """
        from auger_reconcile.client.predict import predict_file, predict_frame, refuse_replacing

        known, is_here = self._identify(model_id)
        asked = {"proba": proba, "explain": explain}
        asker = self._open(known, threshold, locally=locally or is_here, **asked)
        if not isinstance(filename, str | Path):
            return predict_frame(asker, filename, on_rows=on_rows, on_notices=on_notices)
        from auger_reconcile.api.exports.local_predict import ExportedModel, predict_locally
        from auger_reconcile.client.files.tables import CSV, format_of, predicted_path

        source = Path(filename)
        result = Path(to) if to else predicted_path(source, form)
        refuse_replacing(source, result, form)
        if isinstance(asker, ExportedModel) and (form or format_of(source)) == CSV:
            return predict_locally(asker, source, result, on_notices)
        return predict_file(
            asker, source, form=form, to=result, on_rows=on_rows, on_notices=on_notices
        )

    def _open(
        self, model_id: str, threshold: float | None, *, locally: bool, **asked: bool
    ) -> HubModel | ExportedModel:
        if locally:
            from auger_reconcile.api.exports.local_predict import open_export

            archive = self.context.folder / "models" / f"model-{model_id}.zip"
            return open_export(archive, threshold=threshold, **asked)
        from auger_reconcile.client.predict import open_model

        client = self.context.session.client
        with self._explaining(model_id):
            return open_model(client, model_id, threshold=threshold, **asked)

    def evaluate(
        self,
        data: str | Path | Frame,
        model_id: str | None = None,
        threshold: float | None = None,
        *,
        form: str | None = None,
    ) -> Evaluation:
        """Score a deployed model on rows whose target is known, by every metric of its kind.

        Args:
            data: a file of CSV or JSON, compressed or not, Parquet or .xlsx; or a data frame of
                pandas. The target is one of its columns.
            model_id: of a deployed model, or the name of one that auger.yaml declares; by default
                the only one.
            threshold: from which probability on the second of two classes is predicted.
            form: `csv`, `jsonl`, `parquet` or `xlsx`; by default what the file's name says.

        Raises:
            NotFound: there is no such model.
            AugerError: the file cannot be read, or has no column of the target.
        """
        from auger_reconcile.api.evaluation import Evaluation
        from auger_reconcile.client.evaluate import evaluate_rows, read_records
        from auger_reconcile.client.predict import records_of

        known, is_here = self._identify(model_id)
        if is_here:
            raise AugerError(
                f"model `{known}` was downloaded; only a deployed one is scored",
                hint=f"to deploy it:\nauger model deploy {known}",
            )
        what, guessed = "the data", list[dict[str, Any]]()
        if isinstance(data, str | Path):
            columns, records, guessed = read_records(Path(data), form)
            what = f"`{data}`"
        else:
            columns, records = records_of(data)
        client = self.context.session.client
        with self._explaining(known):
            result = evaluate_rows(client, known, columns, records, threshold=threshold, what=what)
        return Evaluation.from_wire({**result, "notices": [*guessed, *result["notices"]]})

    def explain(self, model_id: str, seconds: float = 60.0) -> Report:
        """Return the report of the run that found a model, with that model explained.

        Args:
            model_id: of a trial, deployed or not, or the name of a model that auger.yaml declares.
            seconds: to wait for the explanation at most.

        Raises:
            NotFound: there is no such trial.
        """
        from auger_reconcile.api.experiment import Experiment

        known = check_id(self._identify(model_id)[0], "model")
        with hinting(self._leaderboard(), f"there is no trial `{known}`"):
            trial = self.context.session.client.call("GET", f"trials/{known}")
        run_id = str(trial["experiment_session_id"])
        return Experiment(self.context).report(run_id, trial_id=known, seconds=seconds)

    def health(self, model_id: str | None = None) -> Health:
        """Return how a deployed model does: drift, use, scores and alerts.

        Args:
            model_id: of a deployed model, or the name of one that auger.yaml declares; by default
                the only one.

        Raises:
            NotFound: there is no such model.
            AugerError: the model was downloaded, or its hub watches no models.
        """
        from auger_reconcile.api.health import Health

        known, is_here = self._identify(model_id)
        if is_here:
            raise AugerError(
                f"model `{known}` was downloaded; the hub watches what it answers itself",
                hint=f"to deploy it:\nauger model deploy {known}",
            )
        path = f"pipelines/{check_id(known, 'model')}"
        client = self.context.session.client
        with self._explaining(known):
            client.call("GET", path)
        try:
            return Health.from_wire(client.call("GET", f"{path}/health"))
        except NotFound as error:
            raise AugerError("this hub watches no models") from error

    def lineage(self, asked: str) -> Lineage:
        """Return what a prediction or a model comes from: trial, run, data, commit and apply.

        Args:
            asked: the id of a prediction, of a model or of a trial, or the name of a model that
                auger.yaml declares.

        Raises:
            NotFound: the hub knows nothing of that id.
        """
        from auger_reconcile.history.lineage import trace

        known = check_id(self._identify(asked)[0], "prediction or model")
        return trace(self.context.session.client, known)

    def actual(
        self, filename: str | Path | Frame, model_id: str, *, on_notices: NoticesTold | None = None
    ) -> int:
        """Send what really happened, so that the hub can score a model; return the rows sent.

        Args:
            filename: of a format as in `predict`, or a data frame, with the columns that were
                predicted from, and the outcome.
            model_id: of the deployed model, or the name of one that auger.yaml declares.
            on_notices: told what was guessed, as in `predict`, and of rows that were there already.
        """
        from auger_reconcile.client.predict import send_actuals

        client = self.context.session.client
        known = self._identify(model_id)[0]
        with self._explaining(known):
            source = Path(filename) if isinstance(filename, str) else filename
            return send_actuals(client, source, known, on_notices)

    def export(
        self,
        model_id: str,
        form: str = "zip",
        to: str | Path | None = None,
        *,
        tell: Callable[[str], None] | None = None,
    ) -> Path:
        """Download a model as what other tools load; return the path.

        Args:
            model_id: of a trial, deployed or not, or the name of a model that auger.yaml declares.
            form: `zip`, which predicts with nothing but Python; `joblib`, a pipeline of
                scikit-learn; `mlflow`, a model folder; or `onnx`, where that predicts the same.
            to: the zip, or for the other formats the folder, to make; by default in `models/`
                beside auger.yaml.
            tell: shows what is waited for.

        Raises:
            NotFound: there is no such trial.
            AugerError: something is there already, or the model cannot be had in this format.
        """
        from auger_reconcile.api.exports.export import export_model

        archive = self.context.folder / "models"
        known = self._identify(model_id)[0]
        target = Path(to) if to is not None else archive / export_name(known, form)
        told = f"there is no trial `{known}`"
        with hinting(f"the ids of trials come from\n{self._leaderboard()}", told):
            client = self.context.session.client
            return export_model(client, known, form, target, tell or (lambda _: None))

    def servable(self, model: str, *, tell: Callable[[str], None] | None = None) -> Path:
        """Return the export of a model that `serve` runs; download it when it is not here.

        Args:
            model: the path of an export, the id of a trial, or the name of a declared model.
            tell: shows what is waited for.

        Raises:
            NotFound: there is no such model.
        """
        if Path(model).exists():
            return Path(model)
        if Path(model).name != model or model.endswith(".zip"):
            raise NotFound(f"there is no export `{model}`", hint="auger model export ID")
        known = self._identify(model)[0]
        path = self.context.folder / "models" / export_name(known, "zip")
        return path if path.is_file() else self.export(known, to=path, tell=tell)

    def plan_deploy(self, model_id: str, *, locally: bool = False) -> Plan:
        """Return what `deploy` would do."""
        from auger_reconcile.api.project import Project
        from auger_reconcile.resources.model import ModelSpec

        if declared := self._declared(model_id):
            told = f"`{model_id}` is a model that auger.yaml declares; a trial has an id"
            raise AugerError(told, hint=f"auger apply --target {shlex.quote(str(declared))}")
        check_id(model_id, "trial")
        observed = self._observe_existing()
        home = Project(self.context, self.project_name).spec()
        spec = ModelSpec(name=model_id, trial=model_id, locally=locally)
        plan = self._build(observed, {"project": home, self.kind: spec}, self.kind)
        if not plan.is_empty:  # a cluster is started for a trial that is there, not for a slip
            told = f"there is no trial `{model_id}`"
            with hinting(f"the ids of trials come from\n{self._leaderboard()}", told):
                self.context.session.client.call("GET", f"trials/{model_id}")
        return plan

    def plan_undeploy(self, model_id: str) -> Plan:
        """Return what `undeploy` would do."""
        from auger_reconcile.planner.one_resource import plan_delete

        model_id, is_here = self._identify(model_id)
        if is_here:
            raise AugerError(f"model `{model_id}` was downloaded, and is not on the hub")
        protection = self._protection()
        observed = self._observe_existing(*protection.projects)
        found = self._deployed(observed.of(self.project_name, self.kind), model_id)
        plan = plan_delete(observed, self.project_name, self.kind, found)
        plan = protection.guard(plan, observed)
        return self._telling_what_comes_back(plan, observed, found)


def export_name(trial_id: str, form: str) -> str:
    """Return what an export is called in `models/`."""
    return f"export-{trial_id}.zip" if form == "zip" else f"export-{trial_id}-{form}"


def model_summary(item: dict[str, Any]) -> dict[str, Any]:
    """Return what a list of models shows of a pipeline (wire contract §2.13)."""
    trial = item.get("trial") or {}
    hyperparameter = trial.get("hyperparameter") or {}
    return {
        "id": str(item["id"]),
        "name": item.get("name"),
        "status": item.get("status"),
        "algorithm": str(hyperparameter.get("algorithm_name") or "").rpartition(".")[2],
        "score_name": trial.get("score_name"),
        "score": trial.get("score_value"),
        "dataset": item.get("datasource_manifest_name"),
        "created_at": item.get("created_at"),
    }

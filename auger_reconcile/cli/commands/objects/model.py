"""Run `auger model`: deploy trials and predict with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from auger_reconcile.cli.command import group
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import CLEAR_LINE, Invocation
from auger_reconcile.cli.options import complete_by, plan_option, yes_option
from auger_reconcile.cli.path import STANDARD, FilePath
from auger_reconcile.cli.reporting import report_options, write_report
from auger_reconcile.cli.run import open_context, run_one_resource

model_id_option = click.option(
    "-m",
    "--model-id",
    required=True,
    metavar="ID",
    shell_complete=complete_by("model"),
    help="The model, or the name auger.yaml gives it.",
)
any_model_option = click.option(
    "-m",
    "--model-id",
    metavar="ID",
    shell_complete=complete_by("model"),
    help="The model, or the name auger.yaml gives it; by default the only one.",
)
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl", "parquet", "xlsx"]),
    help="What FILE is, where its name does not say it.",
)
locally_option = click.option(
    "--locally", is_flag=True, help="On this machine, with the downloaded model."
)


@group(example="auger model list")
def model() -> None:
    """Deploy, undeploy, predict and score."""


@model.command("list", example="auger model list")
def list_(invocation: Invocation) -> None:
    """List the deployed models.

    Those that were downloaded are not among them: the hub does not know of them.
    """
    from auger_reconcile.api.model import Model, model_summary
    from auger_reconcile.cli.views.table import Column, member, moment

    columns = (
        Column("Model id", member("id")),
        Column("Status", member("status")),
        Column("Algorithm", member("algorithm")),
        Column("Score", member("score"), is_number=True),
        Column("Metric", member("score_name")),
        Column("Data set", member("dataset"), is_spare=True),
        Column("Created", moment("created_at"), is_spare=True),
    )
    with open_context(invocation) as context:
        items = Model(context).list()
        rows = items if invocation.as_json else map(model_summary, items)
        invocation.show_list(rows, columns, empty="The project has no deployed model.")


@model.command(example="auger model deploy 390955D2AB984D7")
@click.argument("model_id", shell_complete=complete_by("trial"))
@click.option("--locally", is_flag=True, help="Download it to models/ instead.")
@plan_option
def deploy(invocation: Invocation, *, model_id: str, locally: bool, show_only: bool) -> ExitCode:
    """Deploy a trial of the leaderboard on the hub, or download it."""
    from auger_reconcile.api.model import Model

    return run_one_resource(
        invocation,
        lambda c: Model(c).plan_deploy(model_id, locally=locally),
        show_only=show_only,
        idle="It is downloaded already." if locally else "It is deployed already.",
    )


@model.command(example="auger model undeploy 390955D2AB984D7")
@click.argument("model_id", shell_complete=complete_by("model"))
@plan_option
@yes_option
def undeploy(invocation: Invocation, *, model_id: str, show_only: bool, yes: bool) -> ExitCode:
    """Take a model off the hub."""
    from auger_reconcile.api.model import Model

    return run_one_resource(
        invocation,
        lambda c: Model(c).plan_undeploy(model_id),
        show_only=show_only,
        idle="It is not deployed.",
        consent=yes,
    )


@model.command(example="auger model predict holdout.csv --model-id 390955D2AB984D7 --proba")
@click.argument("file", type=FilePath())
@any_model_option
@click.option("--threshold", type=click.FloatRange(0, 1), help="Of the positive class.")
@click.option("--proba", is_flag=True, help="Add the probability of each class.")
@click.option("--explain", is_flag=True, help="Add what each column contributes.")
@format_option
@click.option(
    "-o",
    "--output",
    type=FilePath(),
    metavar="FILE|-",
    help="Write there, instead of beside FILE or to stdout.",
)
@locally_option
def predict(  # noqa: PLR0913 - what one prediction may be asked with
    invocation: Invocation,
    *,
    file: Path,
    model_id: str | None,
    threshold: float | None,
    proba: bool,
    explain: bool,
    form: str | None,
    output: Path | None,
    locally: bool,
) -> None:
    """Predict every row of FILE; writes FILE_predicted.csv beside it.

    FILE is CSV or JSON, compressed or not, Parquet or .xlsx; what is written is the same with new
    columns. `-` reads stdin and writes to stdout, where nothing else is written then.
    """
    from auger_reconcile.api.model import Model
    from auger_reconcile.cli.streams import reading_standard, writing_standard
    from auger_reconcile.cli.views.schema import notice_lines

    to_stdout = output == STANDARD or (file == STANDARD and output is None)
    if to_stdout and invocation.as_json:
        raise click.UsageError("with --json, the predictions need a file: --output FILE")
    notices: list[dict[str, Any]] = []

    def tell(rows: int) -> None:
        if invocation.has_live_terminal:
            click.echo(f"{CLEAR_LINE}Predicting ... {rows:,} rows", nl=False, err=True)

    with (
        reading_standard(file, form) as source,
        writing_standard(to_stdout, output) as result,
        open_context(invocation) as context,
        invocation.busy_with("Predicting"),
    ):
        path = Model(context).predict(
            source,
            model_id,
            threshold,
            locally,
            tell,
            on_notices=notices.extend,
            proba=proba,
            explain=explain,
            form=form,
            to=result,
        )
    if invocation.as_json:
        invocation.show_json({"path": str(path), "notices": notices})
        return
    for line in notice_lines(notices):
        invocation.tell(line)
    if not to_stdout:
        invocation.show(str(path))


@model.command(example="auger model export 390955D2AB984D7 --format mlflow")
@click.argument("model_id", shell_complete=complete_by("model"))
@click.option(
    "--format",
    "form",
    type=click.Choice(["zip", "joblib", "mlflow", "onnx"]),
    default="zip",
    help="`zip` needs Python alone, `joblib` is a pipeline of scikit-learn, `mlflow` a model"
    " folder, `onnx` is made where it predicts the same.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Zip or folder to make, in models/ by default; `-` writes a zip to standard output.",
)
def export(invocation: Invocation, *, model_id: str, form: str, out: Path | None) -> None:
    """Download a model as what other tools load.

    MODEL_ID is a trial of the leaderboard, deployed or not, or the name of a model in auger.yaml.
    Each export has a README with the lines of Python that load it.
    """
    from auger_reconcile.api.model import Model
    from auger_reconcile.cli.streams import writing_standard

    to_stdout = out == STANDARD
    if to_stdout and (form != "zip" or invocation.as_json):
        told = f"a folder of {form}" if form != "zip" else "a zip beside JSON"
        raise click.UsageError(f"--out - writes one zip, and not {told}: name a path")
    with (
        open_context(invocation) as context,
        invocation.busy_with("Exporting"),
        writing_standard(to_stdout, out) as target,
    ):
        path = Model(context).export(model_id, form, target)
    if to_stdout:
        return
    if invocation.as_json:
        invocation.show_json({"path": str(path), "format": form})
    else:
        invocation.show(str(path))


@model.command(example="auger model serve 390955D2AB984D7 --port 8080")
@click.argument("model_id", metavar="MODEL_ID|ZIP", shell_complete=complete_by("model"))
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, help="To listen on; 0 is a free one."
)
@click.option("--dockerfile", is_flag=True, help="Print a Dockerfile of the service instead.")
def serve(
    invocation: Invocation, *, model_id: str, host: str, port: int, dockerfile: bool
) -> ExitCode:
    """Serve predictions of a model over HTTP, without a hub.

    MODEL_ID is a trial, a model in auger.yaml, or the path of an export. POST /invocations takes
    what MLflow's scoring server takes, POST /predictions what the hub takes; GET /health answers
    when the model is loaded. It asks for no token unless AUGER_MODEL_TOKEN is set.
    """
    from auger_reconcile.api.exports import serve as serving
    from auger_reconcile.api.model import Model
    from auger_reconcile.cli.interrupt import interrupted_by_signals

    with open_context(invocation) as context, invocation.busy_with("Exporting"):
        path = Model(context).servable(model_id)
    if dockerfile:
        text = serving.dockerfile(path, port or 8080)
        if invocation.as_json:
            invocation.show_json({"dockerfile": text})
        else:
            invocation.show(text)
        return ExitCode.DONE
    with interrupted_by_signals():
        code = serving.serve_export(path, host, port)
    return ExitCode.DONE if code == 0 else ExitCode.FAILED


@model.command(example="auger model explain production")
@click.argument("model_id", shell_complete=complete_by("model"))
@report_options
def explain(invocation: Invocation, *, model_id: str, form: str, out: Path | None) -> None:
    """Explain a model: which columns matter, what it confuses, where it is bad.

    MODEL_ID is a trial, deployed or not, or the name that auger.yaml gives a model. All of it comes
    from rows that the model had not seen. What each column adds to single predictions is told by
    `auger model predict --explain`.
    """
    from auger_reconcile.api.model import Model

    with open_context(invocation) as context, invocation.busy_with("Explaining the model"):
        found = Model(context).explain(model_id)
    write_report(invocation, found, form, out)


@model.command(example="auger model evaluate holdout.csv --model-id 390955D2AB984D7")
@click.argument("file", type=FilePath())
@any_model_option
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="Of the positive class.",
)
@format_option
def evaluate(
    invocation: Invocation,
    *,
    file: Path,
    model_id: str | None,
    threshold: float | None,
    form: str | None,
) -> None:
    """Score a deployed model on the rows of FILE whose target is known.

    Shows every metric of the model's kind, and of each class precision and recall. FILE is CSV or
    JSON, compressed or not, Parquet or .xlsx; `-` is stdin. It has the column that is predicted.
    """
    from auger_reconcile.api.model import Model
    from auger_reconcile.cli.streams import reading_standard
    from auger_reconcile.cli.views.run.evaluation import render_evaluation
    from auger_reconcile.cli.views.schema import notice_lines

    with (
        reading_standard(file, form) as source,
        open_context(invocation) as context,
        invocation.busy_with("Scoring"),
    ):
        evaluation = Model(context).evaluate(source, model_id, threshold, form=form)
    if invocation.as_json:
        invocation.show_json(evaluation.to_dict())
        return
    for line in render_evaluation(evaluation):
        invocation.show(line)
    for line in notice_lines(evaluation.notices):
        invocation.tell(line)


@model.command(example="auger model health production")
@click.argument("model_id", metavar="[MODEL]", required=False, shell_complete=complete_by("model"))
@click.option("--format", "form", type=click.Choice(["text", "json"]), help="How it is shown.")
def health(invocation: Invocation, *, model_id: str | None, form: str | None) -> None:
    """Show how a deployed model does: drift, use, scores and alerts.

    MODEL is its id, or the name auger.yaml gives it; by default the only one.
    """
    from auger_reconcile.api.model import Model
    from auger_reconcile.cli.views.run.health import render_health
    from auger_reconcile.cli.views.schema import notice_lines

    with open_context(invocation) as context:
        found = Model(context).health(model_id)
    if invocation.as_json or form == "json":
        invocation.show_json(found.to_dict())
        return
    for line in render_health(found):
        invocation.show(line)
    for line in notice_lines(found.notices):
        invocation.tell(line)


@model.command(example="auger model actual outcomes.csv --model-id 390955D2AB984D7")
@click.argument("file", type=FilePath())
@model_id_option
def actual(invocation: Invocation, *, file: Path, model_id: str) -> None:
    """Send what really happened, so that the hub can score the model.

    FILE is CSV or JSON, compressed or not, Parquet or .xlsx; `-` is CSV from stdin. It may grow:
    rows that were sent before count once. `auger model health` tells the score, and how many rows
    have none.
    """
    from auger_reconcile.api.model import Model
    from auger_reconcile.cli.streams import reading_standard
    from auger_reconcile.cli.views.schema import notice_lines
    from auger_reconcile.cli.views.words import count_of

    notices: list[dict[str, Any]] = []
    with (
        reading_standard(file, None) as source,
        open_context(invocation) as context,
        invocation.busy_with("Sending"),
    ):
        rows = Model(context).actual(source, model_id, on_notices=notices.extend)
    if invocation.as_json:
        invocation.show_json({"rows": rows, "notices": notices})
        return
    invocation.show(f"Sent {count_of(rows, 'row')}.")
    for line in notice_lines(notices):
        invocation.tell(line)

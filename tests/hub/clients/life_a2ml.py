"""The life of `a2ml`, the command that came after augerai."""

from __future__ import annotations

import shutil

from tests.hub.clients.life import Life

# The command knows two addresses only, so its own class is asked to log in at a third.
LOG_IN = """
import sys
from a2ml.api.a2ml_credentials import A2MLCredentials
from a2ml.api.utils.context import Context
context = Context()
context.setup_logger(format="")
A2MLCredentials(context, "auger").login(*sys.argv[1:])
"""
# `a2ml predict` fails before it asks anything (its options and its function do not agree).
PREDICT = """
import sys
from a2ml.api.a2ml_model import A2MLModel
from a2ml.api.utils.context import Context
context = Context()
context.setup_logger(format="")
model = A2MLModel(context, "auger")
print(model.predict(filename=sys.argv[2], model_id=sys.argv[1], **eval(sys.argv[3])))
"""
# The command has no `project stop`, its library has.
STOP = """
from a2ml.api.auger.project import AugerProject
from a2ml.api.utils.context import Context
context = Context()
context.setup_logger(format="")
AugerProject(context).stop("judged")
"""
CONFIG = """name: judged
providers: auger
source: iris.csv
exclude: []
target: species
model_type: classification
"""
AUGER = """dataset:
experiment:
  name:
  experiment_session_id:
  time_series:
  label_encoded: []
  cross_validation_folds: 3
  max_total_time: 5
  max_eval_time: 1
  max_n_trials: 400
  use_ensemble: true
  metric: accuracy
cluster:
  type: standard
  min_nodes: 1
  max_nodes: 2
  stack_version: stable
review:
  alert:
    active: true
    type: model_accuracy
    threshold: 0.7
    sensitivity: 72
    threshold_policy: all_values
    action: no
    notification: no
    retrain_policy:
"""
MODEL = r"(?P<model>[0-9A-F]{15}) \| \w+ +\| 0\.\d{4}"
DEPLOYED = "Deployed Model on Auger Cloud. Model id is "
PREDICTED = r"'result': True, 'data': \{'predicted': '\S+_predicted.csv'"


def live(life: Life) -> None:
    """Do all that the command can do."""
    _prepare(life)
    user = life.user
    who = (user["username"], user["password"], user["organization"], user["url"])
    wrong = life.script(LOG_IN, who[0], "wrong", *who[2:])
    life.step("log in, wrongly", *wrong, says="Email or password incorrect")
    life.step("log in", *life.script(LOG_IN, *who), says=r"You are now logged in on \S+")
    life.step("who am I", "a2ml", "auth", "whoami", says=rf"{who[0]} {who[2]} \S+")
    life.step("project create", "a2ml", "project", "create", "judged", says="Created .*judged")
    life.step("project list", "a2ml", "project", "list", says=r"1 Project\(s\) listed")
    life.step("import", "a2ml", "import", says="Created DataSet iris")
    life.step("data set list", "a2ml", "dataset", "list", says=r"\[x\] iris")
    model = _search(life)
    _deploy_and_predict(life, model)
    _review(life, model)
    download = ("dataset", "download", "-p", "auger", "iris")
    life.step("data set download", "a2ml", *download, says="Downloaded dataset iris")
    life.step("data set delete", "a2ml", "dataset", "delete", "iris", says="Deleted dataset iris")
    life.step("project stop", *life.script(STOP), says="Stopped Project judged")
    life.step("project delete", "a2ml", "project", "delete", "judged", says="Deleted .*judged")
    life.step("project list again", "a2ml", "project", "list", says=r"0 Project\(s\) listed")
    life.step("log out", "a2ml", "auth", "logout", says="You are logged out of Auger")


def _prepare(life: Life) -> None:
    table = (life.folder / "iris.csv").read_text(encoding="utf-8").splitlines()
    life.folder.joinpath("config.yaml").write_text(CONFIG, encoding="utf-8")
    life.folder.joinpath("auger.yaml").write_text(AUGER, encoding="utf-8")
    life.folder.joinpath("few.csv").write_text("\n".join(table[:6]) + "\n", encoding="utf-8")
    many = [table[0], *table[1:] * 8]  # above 10 kB it is uploaded instead of sent
    life.folder.joinpath("many.csv").write_text("\n".join(many) + "\n", encoding="utf-8")


def _search(life: Life) -> str:
    life.step("train", "a2ml", "train", says=r"Started Project judged[\s\S]*Started Experiment \S+")
    two = rf"{MODEL}[\s\S]*{MODEL.replace('?P<model>', '')}"
    life.step_until("evaluate, live", "a2ml", "evaluate", says=two)
    life.step("history", "a2ml", "experiment", "history", says="run id: .* status: started")
    life.step("experiment list", "a2ml", "experiment", "list", says=r"1 Experiment\(s\) listed")
    life.step("experiment stop", "a2ml", "experiment", "stop", says="Search is stopped")
    again = "Search is not running. Stop is ignored"
    life.step("experiment stop again", "a2ml", "experiment", "stop", says=again)
    board = ("experiment", "leaderboard")
    return life.step("leaderboard, stopped", "a2ml", *board, says=MODEL)["model"]


def _deploy_and_predict(life: Life, model: str) -> None:
    life.step("deploy", "a2ml", "deploy", model, says=DEPLOYED + model)
    life.step("model list", "a2ml", "model", "list", says=rf"{model} \| [\w.]+ +\| accuracy:[\d.]+")
    for name, file, options in (
        ("predict", "few.csv", "{}"),
        ("predict, threshold", "few.csv", "{'threshold': 0.5}"),
        ("predict, score", "few.csv", "{'score': True}"),
        ("predict, a file", "many.csv", "{}"),
    ):
        life.step(name, *life.script(PREDICT, model, file, options), says=PREDICTED)
    life.note("its predictions", f"{_count_predictions(life)} files of predictions")
    ready = "Model is ready for download"
    life.step("deploy, locally", "a2ml", "model", "deploy", model, "--locally", says=ready)


def _count_predictions(life: Life) -> int:
    return len(list((life.folder / "predictions").glob("*_predicted.csv")))


def _review(life: Life, model: str) -> None:
    sent = r"Local file 'iris.csv' .* send records to hub\.\s*$"
    life.step("actuals", "a2ml", "model", "actuals", model, "iris.csv", says=sent)
    information = f"Review information for {model}: {{'result': True"
    life.step("review", "a2ml", "model", "review", model, says=information)
    alert = ("model", "review_alert", model, "-n", "watched")
    life.step("review alert", "a2ml", *alert, says="Creating review endpoint")
    life.step("endpoints", "a2ml", "model", "list", "--endpoints", says=r"[-0-9a-f]{36} \| watched")
    life.step("model info", "a2ml", "model", "get_info", model, says="'status': 'ready'")
    delete = ("model", "delete_actuals", model, "--with-predictions")
    life.step("delete actuals", "a2ml", *delete, says="Cluster Task status is success")
    life.step("undeploy", "a2ml", "model", "undeploy", model, says="status is undeploying")
    shutil.rmtree(life.folder / "models", ignore_errors=True)

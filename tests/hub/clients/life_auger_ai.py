"""The life of `augerai`, the command of auger.ai."""

from __future__ import annotations

from dataclasses import replace

from tests.hub.clients.life import Life

# The command knows two addresses only, so its own class is asked to log in at a third.
LOG_IN = """
import sys
from auger.cli.utils.context import Context
from auger.cli.commands.impl.authcmd import AuthCmd
context = Context()
context.setup_logger(format="")
AuthCmd(context).login(*sys.argv[1:])
"""
MODEL = r"(?P<model>[0-9A-F]{15}) \| \w+ +\| 0\.\d{4}"
FLOWER = "sepal_length,sepal_width,petal_length,petal_width,actual\n5.1,3.5,1.4,0.2,setosa\n"


def live(life: Life) -> None:
    """Do all that the command can do."""
    user = life.user
    who = (user["username"], user["password"], user["organization"], user["url"])
    wrong = life.script(LOG_IN, who[0], "wrong", *who[2:])
    life.step("log in, wrongly", *wrong, says="Email or password incorrect")
    life.step("log in", *life.script(LOG_IN, *who), says=r"You are now logged in on \S+")
    life.step("who am I", "augerai", "auth", "whoami", says=rf"{who[0]} {who[2]} \S+")
    new = ("new", "judged", "-s", "iris.csv", "-mt", "classification", "-t", "species")
    life.step("new", "augerai", *new, says="Created project folder judged")
    _live_inside(replace(life, folder=life.folder / "judged"))
    life.step("log out", "augerai", "auth", "logout", says="You are logged out of Auger")


def _live_inside(life: Life) -> None:
    _prepare(life)
    life.step("project create", "augerai", "project", "create", "judged", says="Created .*judged")
    life.step("project list", "augerai", "project", "list", says=r"1 Project\(s\) listed")
    life.step("project start", "augerai", "project", "start", says="Started Project judged")
    create = ("dataset", "create", "iris.csv")
    life.step("data set create", "augerai", *create, says="Created DataSet iris.csv")
    life.step("data set list", "augerai", "dataset", "list", says=r"\[x\] iris.csv")
    if life.user["cluster_mode"] == "multi_tenant":  # in the other the client has no such class
        download = ("dataset", "download", "downloads")
        life.step("data set download", "augerai", *download, says="Downloaded dataset iris.csv")
    model = _search(life)
    _deploy_and_predict(life, model)
    life.step("data set delete", "augerai", "dataset", "delete", says="Deleted dataset iris.csv")
    life.step("project stop", "augerai", "project", "stop", says="Stopped Project judged")
    life.step("project delete", "augerai", "project", "delete", "judged", says="Deleted .*judged")
    life.step("project list again", "augerai", "project", "list", says=r"0 Project\(s\) listed")


def _prepare(life: Life) -> None:
    """Put the data beside auger.yaml, and ask for a search that is still under way when stopped."""
    table = (life.folder.parent / "iris.csv").read_text(encoding="utf-8")
    (life.folder / "iris.csv").write_text(table, encoding="utf-8")
    (life.folder / "few.csv").write_text("\n".join(table.splitlines()[:6]) + "\n", encoding="utf-8")
    (life.folder / "actual.csv").write_text(FLOWER, encoding="utf-8")
    file = life.folder / "auger.yaml"
    settings = file.read_text(encoding="utf-8").replace("max_n_trials: 10", "max_n_trials: 400")
    file.write_text(settings.replace("validation_folds: 5", "validation_folds: 3"), "utf-8")


def _search(life: Life) -> str:
    start = r"Started Experiment \S+ search"
    life.step("experiment start", "augerai", "experiment", "start", says=start)
    board = ("experiment", "leaderboard")
    life.step_until("leaderboard, live", "augerai", *board, says=rf"{MODEL}[^S]*(S.*[\s\S]*){{2}}")
    life.step("history", "augerai", "experiment", "history", says="run id: .* status: started")
    life.step("experiment list", "augerai", "experiment", "list", says=r"1 Experiment\(s\) listed")
    life.step("experiment stop", "augerai", "experiment", "stop", says="Search is stopped")
    again = "Search is not running. Stop is ignored"
    life.step("experiment stop again", "augerai", "experiment", "stop", says=again)
    return life.step("leaderboard, stopped", "augerai", *board, says=MODEL)["model"]


def _deploy_and_predict(life: Life, model: str) -> None:
    deployed = f"Deployed Model on Auger Cloud. Model id is {model}"
    life.step("model deploy", "augerai", "model", "deploy", model, says=deployed)
    few = ("model", "predict", "-m", model, "few.csv")
    life.step("model predict", "augerai", *few, says="Predictions stored in")
    life.note("its predictions", _first_two(life))
    life.step(
        "model predict, threshold", "augerai", *few, "-t", "0.5", says="Predictions stored in"
    )
    life.note("its predictions", _first_two(life))
    actual = ("model", "actual", "-m", model, "actual.csv")
    life.step("model actual", "augerai", *actual, says="Sending actuals on data in actual.csv\n*$")


def _first_two(life: Life) -> str:
    lines = (life.folder / "few_predicted.csv").read_text(encoding="utf-8").splitlines()
    return f"{lines[0]} / {lines[1]}"

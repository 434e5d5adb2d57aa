"""The life of `auger`, the command of auger-cli, the oldest of the clients.

It has no command for data: an experiment names a web address, and the hub fetches it.
"""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.hub.clients.life import Life

SETTINGS = """\
organization: {organization}
project: judged
experiment: flowers
cluster: {{worker_type_id: 1, workers_count: 1, kubernetes_stack: stable}}
evaluation_options:
  data_path: {data}
  featureColumns: [sepal_length, sepal_width, petal_length, petal_width]
  targetFeature: species
  categoricalFeatures: [species]
  classification: true
  crossValidationFolds: 3
  max_n_trials: 400
  max_total_time_mins: 10
  max_eval_time_mins: 1
"""
OWN_MISTAKE = r"name 'save_dict_to_csv' is not defined"
ID = r"[0-9A-F]{15}"


def live(life: Life) -> None:
    """Do all that the command can do, but what itself is broken in it.

    `experiments predict` fails in its own code once the hub has answered, `predict --export` needs
    Docker, and `predict_remotly` is a task of the cloud's own workers.
    """
    with _web(life.folder) as address:
        folder = life.folder / "flowers"
        folder.mkdir()
        organization = life.user["organization"]
        settings = SETTINGS.format(organization=organization, data=f"{address}/iris.csv")
        (folder / "auger_experiment.yml").write_text(settings, encoding="utf-8")
        _live_inside(replace(life, folder=folder))


@contextmanager
def _web(folder: Path) -> Iterator[str]:
    """Serve a folder on the web, as far as this machine reaches."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _live_inside(life: Life) -> None:
    user = life.user
    log_in = ("auth", "login", "-u", user["username"], "--url", user["url"], "-p")
    life.step("log in, wrongly", "auger", *log_in, "wrong", says="Email or password incorrect")
    life.step("log in", "auger", *log_in, user["password"], says=r"You are now logged in on \S+")
    who = rf"{user['username']} on {user['url']}"
    life.step("who am I", "auger", "auth", "whoami", says=who)
    life.step("organizations", "auger", "orgs", says=rf"name: {user['organization']}|judges")
    life.step("experiments run", "auger", "experiments", "run", says="flowers does not exist")
    life.step("projects", "auger", "projects", says="judged")
    life.step("project show", "auger", "projects", "show", "-p", "judged", says="running")
    life.step("files", "auger", "projects", "list_files", says=r"iris\S*csv")
    model = _search(life)
    life.step("trial show", "auger", "trials", "show", model, says="Algorithm Name")
    _deploy(life, model)
    life.step("clusters stop", "auger", "experiments", "stop_cluster", says=".*")
    delete = ("projects", "delete", "-p", "judged")
    life.step("project delete", "auger", *delete, says=r"Projects \d+ deleted")
    life.step("log out", "auger", "auth", "logout", says="You are now logged out")


def _search(life: Life) -> str:
    board = ("experiments", "leaderboard")
    row = rf"\| (?P<model>{ID}) \|"
    life.step_until("leaderboard, live", "auger", *board, says=rf"Status.*started[\s\S]*{row}")
    life.step("experiments", "auger", "experiments", says="flowers")
    life.step("experiment show", "auger", "experiments", "show", says="flowers")
    life.step("settings", "auger", "experiments", "settings", says="evaluation_options")
    space = ("experiments", "search_space")
    life.step(
        "search space", "auger", *space, says=r"Default Algorithms[\s\S]*RandomForestClassifier"
    )
    life.step("stop", "auger", "experiments", "stop", says=".*")
    stopped = rf"Status.*interrupted[\s\S]*?{row}"
    return life.step_until("leaderboard, stopped", "auger", *board, says=stopped)["model"]


def _deploy(life: Life, model: str) -> None:
    export = ("experiments", "export_model", "-t", model)
    life.step("export", "auger", *export, says="Model exported to file: \\S+")
    deploy = ("experiments", "deploy_model", "-t", model)
    life.step("deploy", "auger", *deploy, says="status: ready")
    life.step("pipelines", "auger", "pipelines", says="ready")
    table = (life.folder.parent / "iris.csv").read_text(encoding="utf-8").splitlines()
    (life.folder / "few.csv").write_text("\n".join(table[:6]) + "\n", encoding="utf-8")
    predict = ("experiments", "predict", "-t", model, "-f", "few.csv")
    life.step("predict, till the answer is there", "auger", *predict, says=OWN_MISTAKE)

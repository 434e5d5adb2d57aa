"""Measure one record asked of a deployed model at once, beside a bare app around its pipeline.

    python -m benchmarks.hub_asking [SECONDS]

A hub searches iris, deploys its best model and is asked with `wait`; then the same fitted pipeline
is asked through a Starlette app of a dozen lines, and through MLflow's own scoring server where
`MLFLOW` names its command. All are asked by the same clients, in turns, over kept connections.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests

from benchmarks.own_hub import FEATURES, OwnHub, iris_options, own_hub

RECORD = [5.1, 3.5, 1.4, 0.2]
CLIENTS = (1, 8)
ROUNDS = 3


def main(seconds: float = 5.0) -> None:
    """Ask all in turns, and print a line for each."""
    with tempfile.TemporaryDirectory() as folder, own_hub(Path(folder)) as hub:
        pipeline_id = deploy_best(hub)
        model = hub.settings.models_folder / pipeline_id
        places = {f"hub, keep {keep}": _of_hub(hub, pipeline_id, keep) for keep in ("none", "all")}
        with _bare_app(model, 8791) as port:
            places["bare app"] = (f"http://127.0.0.1:{port}/", {"records": [RECORD]})
            with _mlflow(hub, pipeline_id, Path(folder)) as url:
                if url:
                    split = {"columns": FEATURES, "data": [RECORD]}
                    places["mlflow"] = (f"{url}/invocations", {"dataframe_split": split})
                _measure(places, seconds)


def _measure(places: dict[str, tuple[str, Any]], seconds: float) -> None:
    for url, body in places.values():  # warm
        asyncio.run(_ask_all(url, body, 1, 1.0))
    for clients in CLIENTS:
        taken: dict[str, list[list[float]]] = {name: [] for name in places}
        for _ in range(ROUNDS):
            for name, (url, body) in places.items():
                taken[name].append(asyncio.run(_ask_all(url, body, clients, seconds)))
        for name, rounds in taken.items():
            times = sorted(one for part in rounds for one in part)
            rate = statistics.median(len(part) / seconds for part in rounds)
            p50, p99 = statistics.median(times) * 1000, times[int(len(times) * 0.99)] * 1000
            print(f"{clients} clients  {name:16} {rate:7.0f}/s  p50 {p50:6.2f}  p99 {p99:6.2f} ms")


def deploy_best(hub: OwnHub) -> str:
    """Return the id of a model that was searched on iris and deployed."""
    project = hub.add_project("asking")
    run = hub.add_run(project, hub.add_file(project), iris_options(max_n_trials=5))
    hub.start_run(run)
    hub.wait("ExperimentSession", run, "completed")
    best = max(hub.trials(run).values(), key=lambda trial: trial["score_value"] or 0)
    pipeline = hub.call("POST", "/pipelines", trial_id=best["id"])["id"]
    hub.wait("Pipeline", pipeline, "ready")
    return str(pipeline)


def _of_hub(hub: OwnHub, pipeline_id: str, keep: str) -> tuple[str, Any]:
    asked = {"pipeline_id": pipeline_id, "features": FEATURES, "records": [RECORD]}
    return f"{hub.url}/api/v1/predictions", {
        **asked,
        "wait": True,
        "keep": keep,
        "token": hub.token,
    }


async def _ask_all(url: str, body: Any, clients: int, seconds: float) -> list[float]:
    ends = time.perf_counter() + seconds
    found = await asyncio.gather(*(_ask(url, body, ends) for _ in range(clients)))
    return [one for taken in found for one in taken]


async def _ask(url: str, body: Any, ends: float) -> list[float]:
    """Ask again and again until the time is over; every answer has to hold a prediction."""
    place, _, path = url.removeprefix("http://").partition("/")
    host, _, port = place.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    text = json.dumps(body).encode()
    head = f"POST /{path} HTTP/1.1\r\nHost: {place}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text
    taken = []
    while (began := time.perf_counter()) < ends:
        writer.write(request)
        answered = (await reader.readuntil(b"\r\n\r\n")).lower()
        size = int(answered.partition(b"content-length:")[2].split()[0])
        answer = await reader.readexactly(size)
        assert b"setosa" in answer or b"predictions" in answer, answer
        taken.append(time.perf_counter() - began)
    writer.close()
    return taken


@contextmanager
def _bare_app(model: Path, port: int) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.bare_app", str(model), str(port)]
    with subprocess.Popen(command) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health")
            yield port
        finally:
            process.terminate()


@contextmanager
def _mlflow(hub: OwnHub, pipeline_id: str, folder: Path) -> Iterator[str]:
    """Serve the model's export for MLflow by its own command, if there is one."""
    program = os.environ.get("MLFLOW", "")
    if not program:
        yield ""
        return
    asked = {"trial_id": pipeline_id, "format": "mlflow"}
    made = hub.call("POST", "/pipeline_files", **asked)
    while made["status"] == "pending":
        time.sleep(0.2)
        made = hub.call("GET", f"/pipeline_files/{made['id']}")
    archive = folder / "mlflow.zip"
    archive.write_bytes(requests.get(made["signed_s3_model_path"], timeout=60).content)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", archive, folder / "m"], check=True)
    model = next((folder / "m").rglob("MLmodel")).parent
    command = [program, "models", "serve", "-m", str(model), "-p", "8792", "--env-manager=local"]
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            _wait_for("http://127.0.0.1:8792/ping", 120)
            yield "http://127.0.0.1:8792"
        finally:
            os.killpg(process.pid, 15)


def _wait_for(url: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(requests.ConnectionError):
            if requests.get(url, timeout=2).status_code == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(url)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))

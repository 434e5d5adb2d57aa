"""Measure uploading a large file, beside curl and the same server."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path

from auger_reconcile.client.hub_client import HubClient
from benchmarks.figure import Figure, Section
from benchmarks.loopback import serve
from benchmarks.measure import Cost, peak_memory, run_alternating, run_apart, tell

SIZE = 2_000_000_000  # bytes
ROUNDS = 7
LEAST_SHARE_OF_CURL = 0.9
MOST_MEMORY = 100.0  # MB


def main(url: str, file: str) -> None:
    """Upload in this process, and tell the cost."""
    form = {"url": url, "fields": {"key": "workspace/big.csv", "policy": "p"}}
    with HubClient(url, "token") as client:
        began, cpu = time.perf_counter(), time.process_time()
        client.upload(form, Path(file))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    tell(seconds=seconds, cpu=cpu, peak=peak_memory())


def _curl(url: str, file: Path) -> Cost:
    fields = ["-F", "key=workspace/big.csv", "-F", "policy=p", "-F", f"file=@{file}"]
    return run_alternating({"curl": ["curl", "--silent", "--fail", *fields, url]}, rounds=1)["curl"]


def measure() -> Section:
    """Measure both in turns; without curl there is nothing to compare with."""
    ours, curl = [], []
    with tempfile.TemporaryDirectory() as folder, serve(lambda *_: b"") as hub:
        file = Path(folder, "big.csv")
        with file.open("wb") as sparse:
            sparse.truncate(SIZE)
        for _ in range(ROUNDS):
            ours.append(run_apart("uploading", hub.url, file))
            if shutil.which("curl"):
                curl.append(_curl(hub.url, file))
        assert hub.received >= SIZE * (len(ours) + len(curl))
    seconds, cpu, peak = (
        statistics.median(run[name] for run in ours) for name in ("seconds", "cpu", "peak")
    )
    beside = statistics.median(cost.seconds for cost in curl) if curl else None
    beside_cpu = statistics.median(cost.cpu for cost in curl) if curl else None
    figures = [
        Figure(
            f"{SIZE / 1e9:g} GB, throughput",
            f"{SIZE / seconds / 1e6:,.0f} MB/s",
            f"{SIZE / beside / 1e6:,.0f} MB/s (curl)" if beside else "no curl here",
            beside / seconds if beside else None,
            LEAST_SHARE_OF_CURL,
            at_least=True,
        ),
        Figure(
            "the same, processor time",
            f"{cpu:.2f} s",
            f"{beside_cpu:.2f} s (curl)" if beside_cpu else "",
            cpu / beside_cpu if beside_cpu else None,
        ),
        Figure("the same, memory in MB", f"{peak:.0f} MB", "", peak, MOST_MEMORY),
    ]
    note = (
        "A sparse file as a multipart form to a loopback server that drops the bytes. Seconds of "
        "the transfer, without the start of the program."
    )
    return Section("uploading", "Uploading", figures, [note])

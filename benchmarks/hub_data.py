"""Measure one gigabyte of CSV: its statistics, and its way into the hub."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import duckdb

from auger_hub.data.profile import profile_file
from benchmarks.figure import Figure, Section
from benchmarks.measure import peak_memory, run_apart, tell
from benchmarks.own_hub import OwnHub, own_hub

ROWS = 8_000_000
SECONDS, MEMORY = 10.0, 1000.0
GROWTH = 50.0  # MB of the server during an upload
LEAST_SHARE_OF_COPY = 0.5
ROUNDS = 3
TABLE = """
SELECT range AS id, {numbers}, (random() * 1000)::INT AS count,
  'town ' || (random() * 500)::INT AS town,
  CASE WHEN random() < 0.5 THEN 'yes' ELSE 'no' END AS target,
  TIMESTAMP '2020-01-01' + INTERVAL (range) SECOND AS at,
  CASE WHEN random() < 0.05 THEN NULL ELSE random() END AS gaps
FROM range({rows})
"""


def main(file: str) -> None:
    """Describe a file in this process, as the hub's child does; tell the cost."""
    began, cpu = time.perf_counter(), time.process_time()
    found = profile_file(Path(file))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    tell(seconds=seconds, cpu=cpu, peak=peak_memory(), rows=found["count"])


def measure() -> Section:
    """Make the file, describe it, upload it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "big.csv"
        make_table(file)
        size = file.stat().st_size / 1e9
        profiles = [run_apart("hub_data", file) for _ in range(ROUNDS)]
        assert all(found["rows"] == ROWS for found in profiles)
        seconds, cpu, peak = (
            statistics.median(found[name] for found in profiles)
            for name in ("seconds", "cpu", "peak")
        )
        figures = [
            Figure(
                f"statistics of {size:.1f} GB",
                f"{seconds:.1f} s",
                f"{SECONDS:g} s",
                seconds / SECONDS,
                1.0,
            ),
            Figure("the same, processor time", f"{cpu:.1f} s"),
            Figure("the same, memory", f"{peak:.0f} MB", f"{MEMORY:g} MB", peak / MEMORY, 1.0),
            *_upload(file, Path(folder)),
        ]
    notes = [
        "The table has 8 million rows of 14 columns: numbers, texts, times and gaps. An upload is",
        "a form sent by curl; beside it the same file is copied and synced on the same disk.",
        f"Load of the machine at the end: {os.getloadavg()[0]:.1f}.",
    ]
    return Section("hub_data", "A gigabyte", figures, notes)


def make_table(file: Path) -> None:
    """Write about a gigabyte of CSV."""
    numbers = ", ".join(f"round(random() * 1000, 3) AS x{i}" for i in range(8))
    query = TABLE.format(numbers=numbers, rows=ROWS)
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '800MB'; SET threads = 2")
        connection.execute(f"SET temp_directory = '{file.parent}'")
        connection.execute(f"COPY ({query}) TO '{file}' (HEADER)")


def _upload(file: Path, folder: Path) -> list[Figure]:
    if not shutil.which("curl"):
        return []
    uploads, copies = [], []
    with own_hub(folder) as hub:
        project_id = hub.call("POST", "/projects", name="big")["id"]
        before = _peak_of(hub)
        for _ in range(ROUNDS):
            uploads.append(_seconds_of_upload(hub, project_id, file))
            copies.append(_seconds_of_copy(file, folder / "copy.csv"))
        growth = _peak_of(hub) - before
    seconds, beside, size = (
        statistics.median(uploads),
        statistics.median(copies),
        file.stat().st_size / 1e6,
    )
    return [
        Figure(
            "upload",
            f"{size / seconds:,.0f} MB/s",
            f"{size / beside:,.0f} MB/s (copy)",
            beside / seconds,
            LEAST_SHARE_OF_COPY,
            at_least=True,
        ),
        Figure("growth of the hub by it", f"{growth:.0f} MB", f"{GROWTH:g} MB", growth / GROWTH, 1),
    ]


def _seconds_of_upload(hub: OwnHub, project_id: int, file: Path) -> float:
    target = hub.call("POST", "/project_file_urls", project_id=project_id, file_path=file.name)
    fields = [
        part for name in target["fields"] for part in ("-F", f"{name}={target['fields'][name]}")
    ]
    began = time.perf_counter()
    command = ["curl", "--silent", "--fail", *fields, "-F", f"file=@{file}", target["url"]]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _seconds_of_copy(file: Path, target: Path) -> float:
    began = time.perf_counter()
    with file.open("rb") as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())
    seconds = time.perf_counter() - began
    target.unlink()
    return seconds


def _peak_of(hub: OwnHub) -> float:
    status = Path(f"/proc/{hub.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000

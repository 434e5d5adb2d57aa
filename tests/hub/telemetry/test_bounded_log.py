"""The log of the hub stays small."""

from __future__ import annotations

import logging
from pathlib import Path

from auger_hub.telemetry.bounded_log import BoundedLog, Repeated


def test_a_log_that_is_full_begins_anew_and_its_last_part_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "hub.log"
    log = BoundedLog(path, most=1000)
    with path.open("ab") as of_a_child:
        for number in range(100):
            log.handle(logging.makeLogRecord({"msg": f"line {number} {'x' * 50}"}))
        of_a_child.write(b"a child goes on\n")
    log.close()
    assert path.stat().st_size < 1200
    assert "line 99" in path.read_text()
    assert path.read_text().endswith("a child goes on\n")
    assert path.with_suffix(".log.old").stat().st_size < 1200


def test_a_complaint_that_comes_again_and_again_is_counted() -> None:
    repeated = Repeated(most=2, seconds=60)

    def passes(second: float, **fields: object) -> bool:
        of = {"created": second, "msg": "m", "levelno": logging.ERROR, "pathname": "p", **fields}
        return repeated.filter(logging.makeLogRecord(of))

    assert [passes(second) for second in range(5)] == [True, True, False, False, False]
    assert passes(5, pathname="elsewhere")
    assert all(passes(5, levelno=logging.INFO) for _ in range(9))
    told = logging.makeLogRecord({"created": 99.0, "msg": "m", "levelno": 40, "pathname": "p"})
    assert repeated.filter(told)
    assert told.getMessage() == "m (and 3 times more)"

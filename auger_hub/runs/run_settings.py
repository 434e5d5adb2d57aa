"""List what the hub itself writes into the `model_settings` of a run (wire contract §2.11)."""

from __future__ import annotations

from typing import Any

NO_FAILURES: dict[str, Any] = {
    f"{kind}{suffix}": empty
    for kind in ("failed_trials", "error_trials", "timeouts")
    for suffix, empty in (("", []), ("_stat", {}), ("_count", 0))
}
OWN_SETTINGS = {
    *NO_FAILURES,
    "status",
    "start_time",
    "end_time",
    "errors",
    "evaluation_options",
    "featureColumns",
    "featuresCount",
    "total_evaluations",
    "completed_evaluations",
    "expected",
    "last_update_trial_report",
}
"""Members that no client changes once its run was started."""

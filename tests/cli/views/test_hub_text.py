"""What the local hub says of itself."""

from auger_reconcile.cli.views.hub_text import (
    render_organizations,
    render_status,
    render_users,
)


def test_a_running_hub_tells_where_it_is_and_what_it_does() -> None:
    facts = {
        "running": True,
        "home": "/data/hub",
        "url": "http://127.0.0.1:4321",
        "pid": 7,
        "uptime_seconds": 3700.0,
        "projects": 1,
        "active_runs": 2,
    }
    assert render_status(facts).splitlines() == [
        "The local hub runs.",
        "  url      http://127.0.0.1:4321",
        "  folder   /data/hub",
        "  process  7",
        "  up for   1 h 1 min",
        "  holds    1 project, 2 active runs",
    ]


def test_a_hub_that_does_not_run_tells_its_folder() -> None:
    assert render_status({"running": False, "home": "/h"}) == (
        "The local hub does not run.\n  folder  /h"
    )


def test_users_stand_in_columns_and_show_who_may_not_log_in() -> None:
    users = [
        {"name": "anna", "organization": "acme", "active": True},
        {"name": "bo", "organization": "acme", "active": False},
    ]
    assert render_users(users) == "anna  acme\nbo    acme  (revoked)"


def test_organizations_tell_what_they_store_and_when_there_is_little_room() -> None:
    shown = render_organizations(
        [
            {"name": "free", "used_storage": 10},
            {"name": "a", "used_storage": 790, "most_storage": 1000, "most_workers": 4},
            {"name": "b", "used_storage": 800, "most_storage": 1000},
            {"name": "c", "used_storage": 1000, "most_storage": 1000},
        ]
    )
    assert shown.splitlines() == [
        "free  stores 10 bytes, no limits",
        "a     stores 790 bytes of 1.0 kB (79%), 4 workers at most",
        "b     stores 800 bytes of 1.0 kB (80%) - nearly full",
        "c     stores 1.0 kB of 1.0 kB (100%) - full",
    ]

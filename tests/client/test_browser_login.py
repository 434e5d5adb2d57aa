"""Logging in by a page of hubs that have none; of those that have one: tests/hub/pages/visitor."""

from __future__ import annotations

import pytest

from auger_reconcile.client.browser_login import log_in
from auger_reconcile.errors import HubError
from tests.client.scripted_hub import ScriptedHub, Step, refuse

REFUSALS = {
    "an older hub": refuse("400 Bad Request", {"error_param": "email", "message": "is required"}),
    "a hub that knows no user of that sort": refuse(
        "401 Unauthorized", {"message": "Email or password incorrect"}
    ),
}


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
def test_a_hub_without_the_page_is_told_before_a_browser_is_opened(
    hub: ScriptedHub, answer: Step
) -> None:
    hub.play(answer)
    with pytest.raises(HubError, match="has no log-in by its page"):
        log_in(hub.url, show=lambda _: pytest.fail("a page was shown"), is_here=True)

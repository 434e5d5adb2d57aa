"""Decide whether a caller may have a route, the one place for API and pages alike."""

from __future__ import annotations

from auger_hub.accounts.quota import OverQuota, refuse_over
from auger_hub.accounts.roles import ASKING
from auger_hub.accounts.users import Caller
from auger_hub.http.contract import Call, Forbidden, QuotaExceeded, Route, TooManyQuestions
from auger_hub.hub import Hub


def permit(caller: Caller, rank: int) -> None:
    """Raise Forbidden when the caller has not the rank."""
    if caller.rank < rank:
        raise Forbidden(rank)


def permit_storing(call: Call, size: int = 1) -> None:
    """Raise QuotaExceeded when the organization may not store so many bytes more."""
    try:
        refuse_over(call.session, call.caller.organization_id, size)
    except OverQuota as error:
        raise QuotaExceeded(str(error)) from error


def permit_route(hub: Hub, route: Route, caller: Caller) -> None:
    """Raise Forbidden, or TooManyQuestions when the organization has asked as often as it may."""
    permit(caller, route.needed_rank)
    most = caller.most_questions
    is_question = route.needed_rank == ASKING
    if is_question and most is not None and not hub.rates.take(caller.organization_id, most):
        raise TooManyQuestions(most)

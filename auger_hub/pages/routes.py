"""List the addresses of the pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from auger_hub.accounts.roles import MANAGING, READING
from auger_hub.hub import Hub
from auger_hub.pages.actions import (
    add_data,
    deploy_trial,
    export_trial,
    show_upload,
    start_again,
    start_first,
    stop_run,
    undeploy_model,
)
from auger_hub.pages.applies import show_applies, show_apply
from auger_hub.pages.audit import show_audit
from auger_hub.pages.comparison import show_comparison
from auger_hub.pages.controllers import show_controllers
from auger_hub.pages.datasets import show_data_set
from auger_hub.pages.drawings.explanation import ask_for_explanation
from auger_hub.pages.experiments import show_experiment, show_trial
from auger_hub.pages.models import show_model, try_model
from auger_hub.pages.projects import show_project, show_projects
from auger_hub.pages.view import LOG_IN_PATH, Act, Show, form, page
from auger_hub.pages.visitor.account import ACCOUNT_PATH, show_account, take_password
from auger_hub.pages.visitor.command_line import (
    COMMAND_LINE_PATH,
    allow_command_line,
    show_question,
)
from auger_hub.pages.visitor.guard import guard
from auger_hub.pages.visitor.log_in import show_log_in, take_log_in, take_log_out
from auger_hub.pages.visitor.people import (
    USERS_PATH,
    add_user,
    revoke_user,
    set_role,
    show_users,
)
from auger_hub.pages.visitor.sign_on import DONE_PATH, SIGN_ON_PATH, begin_sign_on, end_sign_on

_ASSETS = Path(__file__).parent / "assets"
_MEDIA_TYPES = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_PAGES: dict[str, Show] = {
    "/": show_projects,
    "/projects/{id}": show_project,
    "/datasets/{id}": show_data_set,
    "/experiments/{id}": show_experiment,
    "/trials/{id}": show_trial,
    "/models/{id}": show_model,
    "/compare": show_comparison,
    "/applies": show_applies,
    "/applies/{id}": show_apply,
    "/audit": show_audit,
    "/controllers": show_controllers,
    COMMAND_LINE_PATH: show_question,
    USERS_PATH: show_users,
}

_ACTIONS: dict[str, Act] = {
    "/runs/{id}/start": start_again,
    "/runs/{id}/stop": stop_run,
    "/datasets/{id}/search": start_first,
    "/trials/{id}/deploy": deploy_trial,
    "/trials/{id}/export": export_trial,
    "/models/{id}/undeploy": undeploy_model,
    "/projects/{id}/datasets": add_data,
    "/projects/{id}/upload": show_upload,
}


_OF_ADMINS: dict[str, Act] = {
    USERS_PATH: add_user,
    f"{USERS_PATH}/{{id}}/role": set_role,
    f"{USERS_PATH}/{{id}}/revoke": revoke_user,
}


def page_routes(hub: Hub) -> list[Route]:
    """Return the routes for people; they stand before those of the object store."""
    return [
        *(Route(path, page(hub, show), methods=["GET"]) for path, show in _PAGES.items()),
        Route("/models/{id}", form(hub, try_model), methods=["POST"]),
        Route("/trials/{id}", form(hub, ask_for_explanation), methods=["POST"]),
        *(Route(path, form(hub, act), methods=["POST"]) for path, act in _ACTIONS.items()),
        *(
            Route(path, form(hub, act, rank=MANAGING), methods=["POST"])
            for path, act in _OF_ADMINS.items()
        ),
        Route(LOG_IN_PATH, show_log_in(hub), methods=["GET"]),
        Route(LOG_IN_PATH, take_log_in(hub), methods=["POST"]),
        Route(COMMAND_LINE_PATH, form(hub, allow_command_line, rank=READING), methods=["POST"]),
        Route(SIGN_ON_PATH, begin_sign_on(hub), methods=["GET"]),
        Route(DONE_PATH, end_sign_on(hub), methods=["GET"]),
        Route(ACCOUNT_PATH, show_account(hub), methods=["GET"]),
        Route(ACCOUNT_PATH, take_password(hub), methods=["POST"]),
        Route("/log-out", take_log_out(hub), methods=["POST"]),
        *(
            Route(f"/assets/{name}", guard(_asset(name), is_cacheable=True), methods=["GET"])
            for name in _MEDIA_TYPES
        ),
    ]


def _asset(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(_request: Request) -> Response:
        return FileResponse(_ASSETS / name, media_type=_MEDIA_TYPES[name])

    return serve

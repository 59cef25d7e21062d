"""The action webhook: Rasa's custom actions run inside the service, behind a shared secret on loopback."""

from __future__ import annotations

import hmac

import structlog
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from actions import all_actions
from insyn.bootstrap import Services

log = structlog.get_logger()


def action_app(services: Services) -> Starlette:
    """An ASGI application with the one route Rasa calls."""
    executor = ActionExecutor()
    for action in all_actions(services.book, services.desk, services.erasure):
        executor.register_action(action)
    secret = f"Bearer {services.settings.action_token.get_secret_value()}".encode()

    async def webhook(request: Request) -> JSONResponse:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), secret):
            return JSONResponse({"error": "unauthorised"}, status_code=401)
        call = await request.json()
        try:
            result = await executor.run(call)
        except ActionExecutionRejection as rejection:
            return JSONResponse({"error": rejection.message, "action_name": rejection.action_name}, status_code=400)
        except ActionNotFoundException:
            log.error("no such action", action=call.get("next_action"))
            return JSONResponse({"error": "no such action", "action_name": call.get("next_action")}, status_code=404)
        return JSONResponse(result.model_dump() if result else None)

    return Starlette(routes=[Route("/webhook", webhook, methods=["POST"])])

"""The web service: chat API, the page, health, and in development the mailbox."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from insyn.bootstrap import Services, build
from insyn.conversation.messages import MAX_BYTES, Refused
from insyn.errors import new_error_id
from insyn.settings import Settings
from insyn.store.engine import StoreUnavailable
from insyn.web.chat import NotAuthorised, TooFast, chat_router
from insyn.web.confirm import confirm_router
from insyn.web.delivery import delivery_router
from insyn.web.guards import Guards, message_too_long, security_headers
from insyn.web.identify import identify_router
from insyn.web.lifespan import Rhythm, lifespan
from insyn.web.problems import problem
from insyn.web.staff.console import add_console, broken, is_console, nowhere, too_large
from insyn.web.webhook import action_app

_HERE = Path(__file__).parent

log = structlog.get_logger()


def create_app(settings: Settings, *, services: Services | None = None, rhythm: Rhythm = Rhythm()) -> FastAPI:
    """The service as an ASGI application; `app.state.services` holds its parts."""
    services = services or build(settings)
    app = FastAPI(title="Insyn", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.services = services
    app.state.rhythm = rhythm
    app.include_router(chat_router(services))
    app.include_router(delivery_router(services))
    app.include_router(confirm_router(services))
    if services.step_up is not None:
        app.include_router(identify_router(services, services.step_up))
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    _add_pages(app, services)
    add_console(app, services)
    _add_health(app, services)
    _add_problems(app, settings)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[h.strip() for h in settings.allowed_hosts.split(",")])
    app.add_middleware(
        Guards, settings=settings, too_long=_too_long
    )  # outermost: what the others refuse carries the headers too
    return app


def _add_pages(app: FastAPI, services: Services) -> None:
    settings = services.settings
    templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    development = settings.environment == "development"

    @app.get("/", response_class=HTMLResponse)
    async def chat_page() -> str:
        return templates.get_template("chat.html.j2").render(
            policy_url=settings.policy_url,
            development=development and services.mailbox is not None,
            limit_bytes=MAX_BYTES,
        )

    if development and services.mailbox is not None:
        mailbox = services.mailbox

        @app.get("/dev/mailbox", response_class=HTMLResponse)
        async def mailbox_page() -> str:
            return templates.get_template("mailbox.html.j2").render(messages=mailbox.mails)


def _add_health(app: FastAPI, services: Services) -> None:
    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        """Whether store, Rasa and mail each do their work now; 503 unless all do."""
        parts = {
            "store": await asyncio.to_thread(_store_state, services),
            "rasa": "ok" if await services.rasa.is_ready() else services.rasa_state(),
            "mail": "failing" if services.sender.failing else "ok",
        }
        if parts["rasa"] == "ready":
            parts["rasa"] = "not answering"
        ready = all(state == "ok" for state in parts.values())
        return JSONResponse({"status": "ok" if ready else "not ready", **parts}, status_code=200 if ready else 503)


def _store_state(services: Services) -> str:
    try:
        services.store.ping()
    except StoreUnavailable as error:
        return f"failing: {error}"
    return "ok"


def _too_long(request: Request) -> Response:
    return too_large(request) if is_console(request) else message_too_long()


def _add_problems(app: FastAPI, settings: Settings) -> None:
    @app.exception_handler(Refused)
    async def refused(_request: Request, refusal: Refused) -> JSONResponse:
        return problem(refusal.status, refusal.text)

    @app.exception_handler(NotAuthorised)
    async def not_authorised(_request: Request, _error: NotAuthorised) -> JSONResponse:
        response = problem(401, "Konversationen finns inte eller har avslutats. Börja en ny.")
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @app.exception_handler(TooFast)
    async def too_fast(_request: Request, error: TooFast) -> JSONResponse:
        return problem(429, "Det går lite för fort. Vänta en stund och försök igen.", retry_after=error.seconds)

    @app.exception_handler(StoreUnavailable)
    async def store_unavailable(request: Request, error: StoreUnavailable) -> Response:
        error_id = new_error_id()
        log.error("store unavailable", error_id=error_id, error=str(error), path=request.url.path)
        if is_console(request):
            return broken(request, error_id, status=503)
        text = "Vi kan inte spara just nu, så meddelandet är inte mottaget. Försök igen om en stund."
        return problem(503, text, error_id=error_id, retry_after=5)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, _error: RequestValidationError) -> Response:
        if is_console(request):
            return nowhere(request)
        return problem(422, "Anropet gick inte att läsa. Skicka antingen text eller choice som JSON.")

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        if error.status_code in (404, 405) and is_console(request):
            return nowhere(request)
        texts = {404: "Sidan finns inte.", 405: "Så kan sidan inte användas."}
        return problem(error.status_code, texts.get(error.status_code, "Det gick inte."))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        error_id = new_error_id()
        log.error("unexpected", error_id=error_id, path=request.url.path, error=type(error).__name__, exc_info=error)
        response: Response = problem(500, "Något gick fel hos oss. Försök igen om en stund.", error_id=error_id)
        if is_console(request):
            response = broken(request, error_id, status=500)
        response.headers.update({**security_headers(settings), "Cache-Control": "no-store"})  # it passes no middleware
        return response


def create_action_app(services: Services) -> Starlette:
    """The action webhook for Rasa, on a port of its own on loopback."""

    return action_app(services)

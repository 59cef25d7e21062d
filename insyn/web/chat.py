"""The chat API: stable, bearer-token, the same for the page, the widget and the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator
from sse_starlette import EventSourceResponse, ServerSentEvent

from insyn.bootstrap import Services
from insyn.conversation.messages import Refused
from insyn.own_data.holdings import NotVerified, as_json
from insyn.own_data.page import page
from insyn.requests.desk import Here
from insyn.web.limits import Buckets, client_address

WAIT_SECONDS = 15

Id = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,100}$")]


class TooFast(Exception):
    """A limit is reached; try again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class NotAuthorised(Exception):
    """No token, or one that opens nothing."""


class Incoming(BaseModel):
    """A message: a text, or the id of an offered choice."""

    model_config = ConfigDict(extra="forbid")
    text: str | None = None
    choice: Id | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Incoming:
        if (self.text is None) == (self.choice is None):
            raise ValueError("either text or choice")
        return self


class Feedback(BaseModel):
    """A thumb on an answer."""

    model_config = ConfigDict(extra="forbid")
    message_id: Id
    value: Literal["up", "down"]


def chat_router(services: Services) -> APIRouter:
    """The routes under /api/chat."""
    settings, gateway, conversations = services.settings, services.gateway, services.conversations
    per_conversation = Buckets(settings.rate_conversation_per_minute)
    per_address = Buckets(settings.rate_address_per_minute)
    openings = Buckets(settings.rate_open_per_minute)
    everyone = Buckets(settings.rate_global_per_minute)
    router = APIRouter(prefix="/api/chat")

    def limit(buckets: Buckets, key: str) -> None:
        if seconds := buckets.wait_for(key):
            raise TooFast(seconds)

    def limit_caller(request: Request) -> str:
        address = client_address(request, settings.trusted_proxies)
        limit(everyone, "everyone")
        limit(per_address, address)
        return address

    async def authorised(request: Request, authorization: str, idempotency_key: str | None = None) -> str:
        limit_caller(request)
        scheme, _, token = authorization.partition(" ")
        found = await conversations.authorise(token.strip(), idempotency_key) if scheme.lower() == "bearer" else None
        if found is None:
            raise NotAuthorised
        return found

    async def conversation(request: Request, authorization: Annotated[str, Header()] = "") -> str:
        return await authorised(request, authorization)

    async def conversation_of_message(
        request: Request,
        authorization: Annotated[str, Header()] = "",
        idempotency_key: Annotated[str | None, Header(max_length=100)] = None,
    ) -> str:
        """Also by a token that this very message renewed: its reply may have been lost."""
        return await authorised(request, authorization, idempotency_key)

    @router.post("/conversations", status_code=201)
    async def open_conversation(request: Request) -> dict[str, Any]:
        limit(openings, limit_caller(request))
        reply = await conversations.open("chat")
        return {"token": reply.token, "messages": reply.messages}

    @router.post("/messages")
    async def receive(
        incoming: Incoming,
        conversation_id: str = Depends(conversation_of_message),
        idempotency_key: Annotated[str | None, Header(max_length=100)] = None,
    ) -> dict[str, Any]:
        limit(per_conversation, conversation_id)
        try:
            reply = await gateway.receive(
                conversation_id, text=incoming.text, choice=incoming.choice, key=idempotency_key
            )
        except Refused as refusal:
            await gateway.note_refusal(conversation_id, refusal)
            raise
        body: dict[str, Any] = {"messages": reply.messages}
        if reply.token is not None:
            body["token"] = reply.token
        if reply.ended:
            body["ended"] = True
        return body

    @router.get("/own-data.{form}")
    async def own_data(form: Literal["json", "html"], conversation_id: str = Depends(conversation)) -> Response:
        """All that Insyn holds about a person who has shown within the hour that they reach their mailbox."""
        here = Here(conversation_id, "")
        try:
            holdings = await asyncio.to_thread(services.own_data.collect, here)
        except NotVerified:
            text = "Bekräfta din e-postadress med en kod först: skriv ”vad vet du om mig?” i chatten."
            raise Refused(403, "mailbox not shown", text) from None
        content, media_type = (
            (as_json(holdings), "application/json") if form == "json" else (page(holdings), "text/html")
        )
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="insyn-om-dig.{form}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return Response(content, media_type=media_type, headers=headers)

    @router.get("/transcript")
    async def transcript(conversation_id: str = Depends(conversation)) -> dict[str, Any]:
        messages, _ = await conversations.transcript(conversation_id)
        return {"messages": messages}

    @router.get("/events")
    async def events(
        request: Request,
        conversation_id: str = Depends(conversation),
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> EventSourceResponse:
        after = await asyncio.to_thread(_start, conversation_id, last_event_id)

        async def stream(after: int) -> AsyncIterator[ServerSentEvent]:
            async with services.news.listening(conversation_id) as listener:
                while not await request.is_disconnected():
                    messages, after = await conversations.transcript(conversation_id, after=after)
                    for message in messages:
                        if message["author"] != "person":
                            yield ServerSentEvent(json.dumps(message, ensure_ascii=False), id=message["id"])
                    listener.clear()
                    try:
                        await asyncio.wait_for(listener.wait(), WAIT_SECONDS)
                    except TimeoutError:
                        continue

        return EventSourceResponse(stream(after), ping=WAIT_SECONDS)

    def _start(conversation_id: str, last_event_id: str | None) -> int:
        """From where to tell: after the last message the caller has, or only what comes from now on."""
        known = conversations.sequence_of(conversation_id, last_event_id) if last_event_id else None
        return known if known is not None else conversations.newest(conversation_id)

    @router.delete("/conversation", status_code=204)
    async def erase(conversation_id: str = Depends(conversation)) -> Response:
        await gateway.erase(conversation_id)
        return Response(status_code=204)

    @router.post("/feedback", status_code=204)
    async def feedback(thumb: Feedback, conversation_id: str = Depends(conversation)) -> Response:
        if not await conversations.feedback(conversation_id, thumb.message_id, thumb.value):
            raise Refused(404, "unknown message", "Meddelandet finns inte i den här konversationen.")
        return Response(status_code=204)

    return router

"""Conversations through the chat API with a fake Rasa: what is taken, what Rasa hears, and what is answered when it fails."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.responses import JSONResponse, Response, StreamingResponse

from insyn.bootstrap import Services
from insyn.clock import swedish_date
from insyn.conversation.messages import MAX_BYTES
from insyn.conversation.rasa import RasaUnavailable
from insyn.privacy.masking import normalise
from insyn.settings import Settings
from insyn.store.models import AuditRow, Conversation, Turn, VaultValue
from insyn.store.review_tables import BotCount
from tests.fixtures.fake_rasa import FakeRasa, says
from tests.fixtures.house import ADDRESS, House, SettableClock
from tests.fixtures.web import Browser

HANG_GUARD = 30
ANSWER_WITHIN = 5  # seconds, whatever Rasa does


def turns(services: Services, author: str = "person") -> list[Turn]:
    with services.store.read() as session:
        return list(session.scalars(select(Turn).where(Turn.author == author).order_by(Turn.seq)))


# -- what is taken


async def test_a_conversation_opens_with_who_is_answering(browser: Browser) -> None:
    opened = await browser.opens()
    (greeting,) = opened["messages"]
    assert "bot" in greeting["text"].split()
    assert {choice["topic"] for choice in greeting["choices"]} >= {"request.access", "request.erasure"}
    assert len(opened["token"].partition(".")[2]) == 43  # 256 bits


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b\u200e", "\x00\x07\x1b", "/", "//", "/ /", " / \n/ "])
async def test_an_empty_message_is_refused_kindly(
    browser: Browser, running_rasa: FakeRasa, services: Services, text: str
) -> None:
    await browser.opens()
    response = await browser.posts({"text": text})
    assert response.status_code == 422
    assert "tomt" in response.json()["error"]["message"]
    assert running_rasa.heard == []
    assert turns(services) == []


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("x" * MAX_BYTES, 200),
        ("x" * (MAX_BYTES + 1), 413),
        ("å" * (MAX_BYTES // 2), 200),
        ("å" * (MAX_BYTES // 2) + "x", 413),
        ("😀" * (MAX_BYTES // 4), 200),
        ("😀" * (MAX_BYTES // 4) + "x", 413),
    ],
)
async def test_a_message_of_8_kib_is_taken_and_a_longer_one_not(
    browser: Browser, running_rasa: FakeRasa, text: str, status: int
) -> None:
    await browser.opens()
    response = await browser.posts({"text": text})
    assert response.status_code == status
    if status == 413:
        assert "för långt" in response.json()["error"]["message"]
        assert running_rasa.heard == []


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("Får\x00 ni\x07 spara\x1b[31m mitt cv?", "Får ni spara[31m mitt cv?"),
        ("rad ett\r\nrad två\rrad tre", "rad ett\nrad två\nrad tre"),
        ("👍", "👍"),
        ("👨\u200d👩\u200d👧 🎉🎉", "👨\u200d👩\u200d👧 🎉🎉"),
        ("\u202eradera mig\u202c", "radera mig"),
        ("ra\u200bdera", "radera"),
        ("Ra\u0308tt", "Rätt"),
        ("⟨namn 1⟩ och ⟨e-post 1⟩", "<namn 1> och <e-post 1>"),
    ],
)
async def test_odd_characters_reach_rasa_as_words(
    browser: Browser, running_rasa: FakeRasa, text: str, heard: str
) -> None:
    await browser.opens()
    await browser.says(text)
    assert running_rasa.texts == [heard]


@pytest.mark.parametrize(
    "text",
    [
        "/restart", "/session_start", "/back", '/inform{"x":"y"}', "/request.erasure", " /restart", "//restart",
        "/ /restart", "\n/restart", "\u200b/restart", "\x00/restart", "／restart", "\u00a0/restart", "\u2028/restart",
    ],
)  # fmt: skip
async def test_a_leading_slash_never_reaches_rasa(browser: Browser, running_rasa: FakeRasa, text: str) -> None:
    await browser.opens()
    await browser.says(text)
    (heard,) = running_rasa.texts
    assert not heard.strip().startswith("/")
    assert heard


@given(text=st.text(max_size=60))
@example("/\u200b/restart")
@example("\ufeff/restart")
def test_no_text_at_all_is_a_command_to_rasa(text: str) -> None:
    """What the gateway does to a text before Rasa hears it, for any text."""
    from insyn.conversation.messages import NOT_WORDS

    assert not normalise(text).lstrip(NOT_WORDS).lstrip().startswith("/")


@pytest.mark.parametrize(
    "body",
    [
        {}, {"text": "hej", "choice": "x"}, {"text": None}, {"text": 7}, {"text": ["hej"]}, {"message": "hej"},
        {"text": "hej", "sender": "someone"}, [], "hej", None,
    ],
)  # fmt: skip
async def test_a_body_of_another_form_is_refused(browser: Browser, running_rasa: FakeRasa, body: Any) -> None:
    await browser.opens()
    response = await browser.posts(body)
    assert response.status_code == 422
    assert "text eller choice" in response.json()["error"]["message"]
    assert running_rasa.heard == []


@pytest.mark.parametrize("text", ["هل تحفظون بياناتي؟", "מחקו את הפרטים שלי", "مرحبا"])
async def test_right_to_left_scripts_are_answered(browser: Browser, running_rasa: FakeRasa, text: str) -> None:
    """Whatever masking makes of words in a script without capitals, the person sees what was written."""
    await browser.opens()
    await browser.says(text)
    assert len(running_rasa.heard) == 1
    assert [each["text"] for each in await browser.transcript() if each["author"] == "person"] == [text]


@pytest.mark.parametrize(
    ("body", "status", "heard"),
    [
        (b'{"text": "hej \\ud800d\\u00e4r"}', 200, ["hej där"]),
        (b'{"text": "\\udc00"}', 422, []),
        (b'{"choice": "\\ud800"}', 422, []),
        (b'{"choice": "\\u0000"}', 422, []),
        (b'{"text": "hej\xff"}', 400, []),
        (b'{"text": "hej"', 422, []),
    ],
)
async def test_what_is_no_text_at_all(
    browser: Browser, running_rasa: FakeRasa, body: bytes, status: int, heard: list[str]
) -> None:
    await browser.opens()
    headers = {**browser.headers(), "Content-Type": "application/json"}
    response = await browser.http.post("/api/chat/messages", content=body, headers=headers)
    assert response.status_code == status
    assert running_rasa.texts == heard


# -- what Rasa hears and what is kept


async def test_personal_data_stay_in_the_house(browser: Browser, running_rasa: FakeRasa, services: Services) -> None:
    await browser.opens()
    await browser.says(f"Jag heter Anna Eklöf, {ADDRESS}, 19121212-1212, 070-1740605")
    (turn,) = running_rasa.heard
    for value in ("Anna", "Eklöf", ADDRESS, "19121212", "1740605"):
        assert value not in str(turn)
        assert value not in turns(services)[0].text
    assert "⟨e-post 1⟩" in turn["text"]


async def test_the_person_sees_own_values_in_the_transcript(browser: Browser, running_rasa: FakeRasa) -> None:
    await browser.opens()
    running_rasa.will_say("Jag har skickat en kod till ⟨e-post 1⟩.")
    (reply,) = await browser.says(f"min adress är {ADDRESS}")
    assert reply["text"] == f"Jag har skickat en kod till {ADDRESS}."
    _, mine, _ = await browser.transcript()
    assert (mine["author"], mine["text"]) == ("person", f"min adress är {ADDRESS}")


async def test_of_a_code_only_a_fingerprint_is_kept(browser: Browser, running_rasa: FakeRasa, house: House) -> None:
    await browser.opens()
    running_rasa.will_say("Koden?", state={"slots": {}, "active_loop": "request_form", "requested_slot": "code"})
    await browser.says("hej")
    await browser.says("koden är 1234 5678")
    assert "⟨kod 1⟩" in running_rasa.texts[-1]
    with house.store.read() as session:
        (kept,) = session.scalars(select(VaultValue))
        conversation = session.get_one(Conversation, browser.conversation_id)
        value = house.vault.value(session, conversation, kept.placeholder)
    assert value == house.challenges.digest(browser.conversation_id, "12345678")


async def test_rasa_gets_state_and_turn_and_its_own_token(
    browser: Browser, running_rasa: FakeRasa, services: Services
) -> None:
    await browser.opens()
    state = {"slots": {"last_topic": "policy.cookies.what"}, "active_loop": "request_form", "requested_slot": "email"}
    running_rasa.will_say("Och adressen?", state=state)
    await browser.says("ett")
    await browser.says("två")
    first, second = running_rasa.heard
    assert first["state"] == {"slots": None, "active_loop": None, "requested_slot": None}
    assert second["state"] == state
    assert [turn["metadata"] for turn in (first, second)] == [{"turn": turn.id} for turn in turns(services)]
    assert {turn["sender"] for turn in (first, second)} == {browser.conversation_id}
    assert set(running_rasa.tokens) == {f"Bearer {services.settings.rasa_token.get_secret_value()}"}


async def test_a_reply_carries_what_the_action_attached(browser: Browser, running_rasa: FakeRasa) -> None:
    await browser.opens()
    running_rasa.will_say(
        "Två år.",
        topic="policy.retention.applicants",
        sources=["retention"],
        choices=[{"title": "Begär radering", "payload": "/request.erasure", "topic": "request.erasure"}],
        expects="email",
    )
    (reply,) = await browser.says("Hur länge sparas en ansökan?")
    assert (reply["topic"], reply["expects"]) == ("policy.retention.applicants", "email")
    (source,) = reply["sources"]
    assert source["url"].startswith("https://kontek.se/personuppgiftspolicy#")
    (choice,) = reply["choices"]
    assert set(choice) == {"id", "title", "topic"}  # what it means to Rasa stays here


# -- choices


async def offered(browser: Browser, rasa: FakeRasa) -> str:
    """The id of a choice that was offered in this conversation."""
    rasa.will_say("Vill du?", choices=[{"title": "Ja, radera", "payload": "/request.erasure"}])
    (reply,) = await browser.says("hej")
    choice_id: str = reply["choices"][0]["id"]
    return choice_id


async def test_a_choice_says_its_title_and_means_its_intent(browser: Browser, running_rasa: FakeRasa) -> None:
    await browser.opens()
    choice = await offered(browser, running_rasa)
    response = await browser.posts({"choice": choice})
    assert response.status_code == 200
    assert running_rasa.texts[-1] == "/request.erasure"
    assert [each["text"] for each in await browser.transcript() if each["author"] == "person"] == ["hej", "Ja, radera"]


@pytest.mark.parametrize("choice", ["x", "/request.erasure", "request.erasure", f"{uuid.UUID(int=7)}.0", "1.2.3"])
async def test_a_choice_that_was_never_offered_is_refused(
    browser: Browser, running_rasa: FakeRasa, choice: str
) -> None:
    await browser.opens()
    await offered(browser, running_rasa)
    response = await browser.posts({"choice": choice})
    assert response.status_code == 422
    assert "Det valet finns inte" in response.json()["error"]["message"]
    assert running_rasa.texts == ["hej"]


@pytest.mark.parametrize("choice", ["", "å", "x" * 500, "a b", "x\n"])
async def test_what_cannot_be_a_choice_is_refused(browser: Browser, running_rasa: FakeRasa, choice: str) -> None:
    await browser.opens()
    assert (await browser.posts({"choice": choice})).status_code == 422
    assert running_rasa.heard == []


async def test_a_number_beyond_the_offered_is_refused(browser: Browser, running_rasa: FakeRasa) -> None:
    await browser.opens()
    choice = await offered(browser, running_rasa)
    for number in ("1", "-1", "00", "0 "):
        assert (await browser.posts({"choice": f"{choice.partition('.')[0]}.{number}"})).status_code == 422


async def test_a_choice_of_another_conversation_looks_like_one_never_offered(
    browser: Browser, running_rasa: FakeRasa, services: Services
) -> None:
    await browser.opens()
    choice = await offered(browser, running_rasa)
    stranger = Browser(services)
    await stranger.opens()
    theirs = await stranger.posts({"choice": choice})
    never = await stranger.posts({"choice": f"{uuid.uuid4()}.0"})
    assert theirs.status_code == never.status_code == 422
    assert theirs.json()["error"]["message"] == never.json()["error"]["message"]


async def test_a_refusal_is_logged_without_what_was_said(
    browser: Browser, running_rasa: FakeRasa, services: Services
) -> None:
    await browser.opens()
    await browser.posts({"choice": "/hemligt"})
    with services.store.read() as session:
        row = session.scalars(select(AuditRow).order_by(AuditRow.seq.desc())).first()
    assert row is not None
    assert (row.event, row.subject) == ("message.refused", browser.conversation_id)
    assert "hemligt" not in row.data


# -- once


async def test_a_message_sent_again_is_one_turn_with_the_same_reply(
    browser: Browser, running_rasa: FakeRasa, services: Services
) -> None:
    await browser.opens()
    first = await browser.says("Vad är cookies?", key="k1")
    assert await browser.says("Vad är cookies?", key="k1") == first
    assert await browser.says("något helt annat", key="k1") == first
    assert len(running_rasa.heard) == len(turns(services)) == 1


async def test_the_same_key_in_another_conversation_is_another_message(
    browser: Browser, running_rasa: FakeRasa, services: Services
) -> None:
    await browser.opens()
    await browser.says("ett", key="k1")
    other = Browser(services)
    await other.opens()
    await other.says("två", key="k1")
    assert running_rasa.texts == ["ett", "två"]


async def test_the_same_message_many_times_at_once_is_one_turn(
    browser: Browser, running_rasa: FakeRasa, services: Services
) -> None:
    await browser.opens()
    replies = await asyncio.gather(*(browser.says("hej", key="k1") for _ in range(6)))
    assert all(each == replies[0] for each in replies)
    assert len(running_rasa.heard) == len(turns(services)) == 1


async def test_two_tabs_take_turns(browser: Browser, running_rasa: FakeRasa, services: Services) -> None:
    """Each message is answered from the state that the one before it left."""
    await browser.opens()
    busy = most = 0

    async def slowly(turn: dict[str, Any]) -> Response:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.02)
        busy -= 1
        count = ((turn["state"].get("slots") or {}).get("count") or 0) + 1
        return JSONResponse(
            says(str(count), state={"slots": {"count": count}, "active_loop": None, "requested_slot": None})
        )

    running_rasa.answer = slowly
    replies = await asyncio.gather(*(browser.says(f"meddelande {number}") for number in range(6)))
    assert most == 1
    assert sorted(reply[0]["text"] for reply in replies) == ["1", "2", "3", "4", "5", "6"]
    assert services.alone.is_idle


async def test_conversations_do_not_wait_for_each_other(
    browser: Browser, running_rasa: FakeRasa, services: Services
) -> None:
    together = asyncio.Barrier(3)

    async def all_at_once(_turn: dict[str, Any]) -> Response:
        await together.wait()
        return JSONResponse(says("ja"))

    running_rasa.answer = all_at_once
    people = [Browser(services) for _ in range(3)]
    for person in people:
        await person.opens()
    async with asyncio.timeout(HANG_GUARD):
        replies = await asyncio.gather(*(person.says("hej") for person in people))
    assert [reply[0]["text"] for reply in replies] == ["ja"] * 3


# -- Rasa fails


async def hang(_turn: dict[str, Any]) -> Response:
    await asyncio.sleep(HANG_GUARD)
    return JSONResponse(says("för sent"))


async def drip(_turn: dict[str, Any]) -> Response:
    async def drops() -> Any:
        while True:
            yield b" "
            await asyncio.sleep(0.1)

    return StreamingResponse(drops(), media_type="application/json")


async def give(body: Any, status: int = 200) -> Response:
    return JSONResponse(body, status_code=status)


FAILURES = {
    "hangs": hang,
    "drips": drip,
    "500": lambda _: give({"error": "x"}, 500),
    "503": lambda _: give({"error": "not ready"}, 503),
    "401": lambda _: give({"error": "unauthorised"}, 401),
    "bare list": lambda _: give([]),
    "null": lambda _: give(None),
    "no messages key": lambda _: give({"state": {}}),
    "messages of another form": lambda _: give({"messages": ["hej"], "state": {}}),
}


@pytest.mark.parametrize("patience", [1.0])
@pytest.mark.parametrize("failure", FAILURES)
async def test_when_rasa_fails_the_message_is_kept_and_the_person_told(
    browser: Browser, running_rasa: FakeRasa, services: Services, failure: str
) -> None:
    await browser.opens()
    running_rasa.answer = FAILURES[failure]
    async with asyncio.timeout(ANSWER_WITHIN):
        (reply,) = await browser.says("Radera mig", key="k1")
    assert "ditt meddelande är sparat" in reply["text"]
    (turn,) = turns(services)
    assert (turn.status, turn.text) == ("pending", "Radera mig")


async def test_when_rasa_is_down_the_message_is_kept_and_answered_later(
    browser: Browser, rasa: FakeRasa, services: Services, clock: SettableClock
) -> None:
    await browser.opens()
    async with asyncio.timeout(ANSWER_WITHIN):
        (promise,) = await browser.says("Vad är cookies?")
    assert "ditt meddelande är sparat" in promise["text"]
    clock.go(seconds=7)
    with pytest.raises(RasaUnavailable):
        await services.gateway.answer_pending()
    async with rasa.running():
        assert await services.gateway.answer_pending() == 1
        assert await services.gateway.answer_pending() == 0
    assert [each["text"] for each in await browser.transcript()][1:] == [
        "Vad är cookies?", promise["text"], "Du skrev: Vad är cookies?",
    ]  # fmt: skip
    assert [turn.status for turn in turns(services)] == ["answered"]


async def test_a_message_just_taken_is_not_answered_beside_its_own_request(
    browser: Browser, rasa: FakeRasa, services: Services, clock: SettableClock
) -> None:
    await browser.opens()
    await browser.says("Vad är cookies?")
    async with rasa.running():
        assert await services.gateway.answer_pending() == 0
        clock.go(seconds=7)
        assert await services.gateway.answer_pending() == 1


async def test_kept_messages_are_answered_in_order(
    browser: Browser, rasa: FakeRasa, services: Services, clock: SettableClock
) -> None:
    await browser.opens()
    for text in ("ett", "två", "tre"):
        await browser.says(text)
        clock.go(seconds=1)
    clock.go(seconds=7)
    async with rasa.running():
        assert await services.gateway.answer_pending() == 3
    assert rasa.texts == ["ett", "två", "tre"]


async def test_a_kept_message_sent_again_is_promised_once_and_answered_once(
    browser: Browser, rasa: FakeRasa, services: Services
) -> None:
    await browser.opens()
    promise = await browser.says("Vad är cookies?", key="k1")
    assert await browser.says("Vad är cookies?", key="k1") == promise
    assert len(turns(services, "insyn")) == 2  # the greeting and the promise
    async with rasa.running():
        (reply,) = await browser.says("Vad är cookies?", key="k1")
        assert reply["text"] == "Du skrev: Vad är cookies?"
        assert await browser.says("Vad är cookies?", key="k1") == [reply]
    assert len(turns(services)) == 1


@pytest.mark.parametrize("patience", [3.0])  # twice that would be too long
async def test_two_tabs_are_both_answered_in_time_while_rasa_hangs(
    browser: Browser, running_rasa: FakeRasa, services: Services
) -> None:
    await browser.opens()
    running_rasa.answer = hang
    async with asyncio.timeout(ANSWER_WITHIN):
        await asyncio.gather(*(browser.says(text) for text in ("ett", "två")))
    assert {turn.status for turn in turns(services)} == {"pending"}


def test_the_configured_patience_leaves_room_for_the_answer() -> None:
    assert Settings.model_fields["rasa_timeout_seconds"].default <= ANSWER_WITHIN - 1


@pytest.mark.parametrize(
    "messages", [[], [{"text": "", "data": {"failed": "F-1234abcd"}}], [{"text": None, "data": {}}]]
)
async def test_a_turn_without_an_answer_is_owned_up_to(
    browser: Browser, running_rasa: FakeRasa, services: Services, messages: list[Any]
) -> None:
    await browser.opens()
    before = {"slots": {"last_topic": "x"}, "active_loop": None, "requested_slot": None}
    running_rasa.will_say("ja", state=before)
    await browser.says("ett")
    running_rasa.will_give({**says("x", state={"slots": {"broken": True}}), "messages": messages, "failed": True})
    (reply,) = await browser.says("två")
    assert "Något gick fel hos oss" in reply["text"]
    assert "F-" in reply["text"]
    if messages and messages[0]["data"]:
        assert "F-1234abcd" in reply["text"]
    assert turns(services)[-1].status == "failed"
    running_rasa.will_say("ja", state=before)
    await browser.says("tre")
    assert running_rasa.heard[-1]["state"] == before  # what the broken turn left is not gone on with


# -- English


async def test_english_stands_first_for_someone_who_writes_english(browser: Browser, running_rasa: FakeRasa) -> None:
    await browser.opens()

    async def answer(turn: dict[str, Any]) -> Response:
        body = says("Två år.", english="Two years.")
        body["reading"]["language"] = "en" if "long" in turn["text"] else "sv"
        return JSONResponse(body)

    running_rasa.answer = answer
    assert (await browser.says("How long do you keep it?"))[0]["text"] == "Two years.\n\nPå svenska: Två år."
    assert (await browser.says("ok"))[0]["text"].startswith("Two years.")  # too short to tell
    assert (await browser.says("hur var det nu igen"))[0]["text"] == "Två år."


# -- the end


async def test_an_erased_conversation_is_gone(browser: Browser, running_rasa: FakeRasa, services: Services) -> None:
    await browser.opens()
    await browser.says(f"jag heter Anna Eklöf, {ADDRESS}")
    response = await browser.http.delete("/api/chat/conversation", headers=browser.headers())
    assert response.status_code == 204
    assert (await browser.posts({"text": "hej"})).status_code == 401
    with services.store.read() as session:
        for table in (Conversation, Turn, VaultValue):
            assert session.scalars(select(table)).all() == []


async def test_thumbs_are_kept_for_answers_of_this_conversation_only(
    browser: Browser, running_rasa: FakeRasa, services: Services
) -> None:
    await browser.opens()
    (reply,) = await browser.says("Vad är cookies?")
    stranger = Browser(services)
    await stranger.opens()

    async def thumb(who: Browser, message_id: str, value: str = "up") -> int:
        body = {"message_id": message_id, "value": value}
        return (await who.http.post("/api/chat/feedback", json=body, headers=who.headers())).status_code

    assert await thumb(browser, reply["id"]) == 204
    assert await thumb(stranger, reply["id"]) == await thumb(browser, str(uuid.uuid4())) == 404
    assert await thumb(browser, turns(services)[0].id) == 404  # what the person wrote is no answer
    assert await thumb(browser, reply["id"], "sideways") == 422
    assert [turn.feedback for turn in turns(services, "insyn")] == [None, "up", None]


# -- a human in the chat


ME = "00000000-0000-4000-8000-00000000000a"


async def test_while_a_human_has_it_insyn_is_silent_and_answers_again_afterwards(
    browser: Browser, running_rasa: FakeRasa, services: Services
) -> None:
    await browser.opens()
    await browser.says("Vad är cookies?")
    assert await services.gateway.take_over(browser.conversation_id, by=ME)
    assert await browser.says("Mejla mig på anna.ek@example.com") == []
    assert await browser.says("Hallå?", key="once") == []
    assert await browser.says("Hallå?", key="once") == []
    await services.replies.reply(browser.conversation_id, "Jag är här.", by=ME, key="k1")
    assert running_rasa.texts == ["Vad är cookies?"]
    assert await services.gateway.give_back(browser.conversation_id, by=ME)
    assert [each["text"] for each in await browser.says("Tack")] == ["Du skrev: Tack"]
    said = [(each["author"], each["text"][:24]) for each in await browser.transcript()]
    assert said[3:] == [
        ("insyn", "Nu är en människa på Kon"), ("person", "Mejla mig på anna.ek@exa"), ("person", "Hallå?"), ("staff", "Jag är här."),
        ("insyn", "Människan på Kontek har "), ("person", "Tack"), ("insyn", "Du skrev: Tack"),
    ]  # fmt: skip
    assert [each.status for each in turns(services)] == ["answered", "human", "human", "answered"]
    assert turns(services)[1].text == "Mejla mig på ⟨e-post 1⟩"


async def test_what_the_human_leaves_unanswered_insyn_answers_in_the_end(
    browser: Browser, running_rasa: FakeRasa, services: Services, clock: SettableClock
) -> None:
    await browser.opens()
    await services.replies.reply(browser.conversation_id, "Hej, vad gäller det?", by=ME, key="k1")
    clock.go(minutes=14)
    assert await browser.says("Ta bort mina uppgifter") == []
    clock.go(minutes=14)
    assert await services.gateway.answer_pending() == 0
    clock.go(minutes=1)
    assert await services.gateway.answer_pending() == 1
    assert running_rasa.texts == ["Ta bort mina uppgifter"]
    *_, told, answer = await browser.transcript()
    assert told["text"].startswith("Ingen på Kontek har hunnit svara")
    assert [choice["topic"] for choice in told["choices"]] == ["handover.human"]
    assert answer["text"] == "Du skrev: Ta bort mina uppgifter"
    assert await services.gateway.answer_pending() == 0


async def test_a_human_who_was_silent_for_long_no_longer_has_it(
    browser: Browser, running_rasa: FakeRasa, services: Services, clock: SettableClock
) -> None:
    await browser.opens()
    await services.replies.reply(browser.conversation_id, "Vi har hittat felet.", by=ME, key="k1")
    clock.go(minutes=16)
    assert await services.gateway.answer_pending() == 0
    assert [each["text"] for each in await browser.says("Vad är cookies?")] == ["Du skrev: Vad är cookies?"]
    assert (await browser.transcript())[-2]["text"].startswith("Människan på Kontek har lämnat")


async def test_a_message_on_its_way_to_insyn_is_answered_before_the_human_comes(
    browser: Browser, running_rasa: FakeRasa, services: Services
) -> None:
    await browser.opens()
    heard, go_on = asyncio.Event(), asyncio.Event()

    async def slow(turn: dict[str, Any]) -> Response:
        heard.set()
        await go_on.wait()
        return JSONResponse(says("Små filer."))

    running_rasa.answer = slow
    asked = asyncio.create_task(browser.says("Vad är cookies?"))
    await heard.wait()
    taken = asyncio.create_task(services.gateway.take_over(browser.conversation_id, by=ME))
    await asyncio.sleep(0.05)
    go_on.set()
    assert [each["text"] for each in await asked] == ["Små filer."]
    assert await taken
    assert (await browser.transcript())[-1]["text"].startswith("Nu är en människa")


async def test_what_waits_for_rasa_goes_to_the_human_who_comes(
    browser: Browser, rasa: FakeRasa, services: Services, clock: SettableClock
) -> None:
    await browser.opens()
    await browser.says("Vad är cookies?")
    assert await services.gateway.take_over(browser.conversation_id, by=ME)
    clock.go(seconds=10)
    async with rasa.running():
        assert await services.gateway.answer_pending() == 0
    assert [each.status for each in turns(services)] == ["human"]
    assert not await services.gateway.take_over("no such", by=ME)


async def test_each_message_is_counted_once(
    browser: Browser, running_rasa: FakeRasa, services: Services, clock: SettableClock
) -> None:
    came = clock()
    await browser.opens()
    running_rasa.will_say("Små filer.", topic="policy.cookies.what")
    (answer,) = await browser.says("Vad är cookies?", key="k1")
    await browser.says("Vad är cookies?", key="k1")
    running_rasa.will_say("Det vet jag inte.", intent="out_of_scope.other", topic="out_of_scope")
    await browser.says("Vad kostar det?")
    running_rasa.will_say(intent="policy.company")
    await browser.says("Vilka är ni?")
    clock.go(days=1)
    for value in ("down", "up", "up"):
        await browser.http.post(
            "/api/chat/feedback", json={"message_id": answer["id"], "value": value}, headers=browser.headers()
        )
    await services.gateway.take_over(browser.conversation_id, by=ME)
    await browser.says("Hallå?")
    with services.store.read() as session:
        counts = session.scalars(select(BotCount).where(BotCount.count > 0)).all()
    assert {row.day for row in counts} == {swedish_date(came)}
    rows = {(row.channel, row.outcome, row.topic): row.count for row in counts}
    assert rows == {
        ("chat", "answered", "policy.cookies.what"): 1, ("chat", "unknown", "out_of_scope"): 1, ("chat", "failed", "policy.company"): 1,
        ("chat", "thumb_up", "policy.cookies.what"): 1,
    }  # fmt: skip


async def test_a_kept_message_counts_on_the_day_it_came(
    browser: Browser, rasa: FakeRasa, services: Services, clock: SettableClock
) -> None:
    came = clock()
    await browser.opens()
    await browser.says("Vad är cookies?")
    clock.go(hours=20)
    rasa.will_say("Små filer.", topic="policy.cookies.what")
    async with rasa.running():
        assert await services.gateway.answer_pending() == 1
    with services.store.read() as session:
        (row,) = session.scalars(select(BotCount))
    assert (row.day, row.outcome) == (swedish_date(came), "answered")
    assert row.day < swedish_date(clock())

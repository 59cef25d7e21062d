"""Parts that die, hang or are away: nothing said is lost, nothing is done twice, and the person is told the truth."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx

from tests.fixtures.apart import Apart
from tests.fixtures.chat import Chat, Message
from tests.fixtures.running import new_address
from tests.fixtures.system import System

# Five are promised, of which Rasa is given four; a busy machine may add some, a gateway that waits adds no end.
PATIENCE_SECONDS = 10
SAVED = "ditt meddelande är sparat"


class Listener:
    """A page that listens to /events: `heard` fills while it is open."""

    def __init__(self, chat: Chat) -> None:
        self.heard: list[str] = []
        self._chat = chat
        self._open = threading.Event()

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        client = httpx.Client(base_url=self._chat.system.url, timeout=httpx.Timeout(5, read=120), trust_env=False)
        thread = threading.Thread(target=self._listen, args=(client,), daemon=True)
        thread.start()
        assert self._open.wait(10), "the event stream did not open"
        try:
            yield self
        finally:
            client.close()

    def _listen(self, client: httpx.Client) -> None:
        headers = {"Authorization": f"Bearer {self._chat.token}"}
        try:
            with client.stream("GET", "/api/chat/events", headers=headers) as stream:
                self._open.set()
                for line in stream.iter_lines():
                    if line.startswith("data:"):
                        self.heard.append(line)
        except (httpx.HTTPError, RuntimeError, OSError):
            pass  # the page was closed


def _persons_words(chat: Chat) -> list[str]:
    return [entry["text"] for entry in chat.transcript() if entry["author"] == "person"]


def _answered_later(chat: Chat, count: int = 1) -> list[Message]:
    """Waits until `count` messages have come after the last apology, and takes them as what was said last."""

    def answers() -> list[Message]:
        entries = chat.transcript()
        sorry = max((place for place, entry in enumerate(entries) if SAVED in entry["text"]), default=-1)
        return [entry for entry in entries[sorry + 1 :] if entry["author"] == "insyn"]

    chat.system.wait_for(lambda: len(answers()) >= count, "the late answer")
    chat.said = answers()
    return chat.said


def test_rasa_dies_in_the_middle_of_a_request(system: System) -> None:
    chat, address = Chat(system), new_address()
    chat.say("radera mina uppgifter")
    chat.go_on_to("concerns", address)
    with Listener(chat).listening() as page:
        system.kill_rasa()
        began = time.monotonic()
        chat.say("allt")
        assert time.monotonic() - began < PATIENCE_SECONDS
        assert SAVED in chat.text
        system.wait_for(lambda: system.readiness().get("rasa") not in (None, "ok"), "the loss to be reported")
        assert system.http.get("/healthz").status_code == 200
        assert system.http.get("/readyz").status_code == 503
        system.wait_ready()
        _answered_later(chat)
        assert chat.expects == "name"
        system.wait_for(lambda: any('"expects": "name"' in each for each in page.heard), "the answer on the page", 30)
    assert _persons_words(chat).count("allt") == 1
    chat.go_on_to("done", address)
    assert (chat.case["kind"], chat.case["status"]) == ("request.erasure", "open")


def test_rasa_hangs(breakable: Apart) -> None:
    chat, address = Chat(breakable), new_address()
    chat.say("radera mina uppgifter")
    chat.go_on_to("confirmed", address)
    breakable.freeze_rasa()
    try:
        began = time.monotonic()
        chat.say("ja")
        assert time.monotonic() - began < PATIENCE_SECONDS
        assert SAVED in chat.text
    finally:
        breakable.thaw_rasa()
    _answered_later(chat)
    assert chat.case["status"] == "open"
    # Rasa may have worked through what it had taken before the question was put to it again.
    breakable.letter(address, chat.case["reference"])
    assert len([letter for letter in breakable.letters(address) if "kod" not in letter.subject]) == 1


def test_what_is_kept_is_told_also_when_rasa_was_away_as_all_was_to_be_erased(breakable: Apart) -> None:
    chat = Chat(breakable)
    chat.say("radera mina uppgifter")
    chat.go_on_to("done", new_address())
    reference = chat.case["reference"]
    chat.say("radera allt du vet om mig")
    assert chat.expects == "confirmed"
    breakable.freeze_rasa()
    try:
        chat.say("ja")
        assert SAVED in chat.text
    finally:
        breakable.thaw_rasa()
    (last,) = _answered_later(chat)
    assert f"Ärende {reference}: Ärendet pågår" in last["text"]
    assert last["ended"] is True
    headers = {"Authorization": f"Bearer {chat.token}"}
    assert breakable.http.delete("/api/chat/conversation", headers=headers).status_code == 204
    assert breakable.http.get("/api/chat/transcript", headers=headers).status_code == 401
    assert breakable.case(reference)["status"] == "open"


def test_what_is_written_while_rasa_is_away_is_answered_in_order(breakable: Apart) -> None:
    chat = Chat(breakable)
    breakable.freeze_rasa()
    try:
        chat.say("Hur länge sparas min jobbansökan?")
        chat.say("och nyhetsbrev då?")
    finally:
        breakable.thaw_rasa()
    _answered_later(chat, 2)
    assert chat.topics == ["policy.retention.applicants", "policy.retention.marketing"]


def test_the_service_dies_between_two_messages(breakable: Apart) -> None:
    chat, address = Chat(breakable), new_address()
    chat.say("radera mina uppgifter")
    chat.go_on_to("code", address)
    said = chat.transcript()
    breakable.kill_service()
    breakable.start_service()
    assert chat.transcript() == said
    chat.go_on_to("done", address)
    assert (chat.case["kind"], chat.case["status"]) == ("request.erasure", "open")


def test_the_service_dies_while_it_answers(breakable: Apart) -> None:
    chat, address = Chat(breakable), new_address()
    chat.say("radera mina uppgifter")
    chat.go_on_to("confirmed", address)
    breakable.freeze_rasa()
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(chat.post, {"text": "ja"}, key="ja-1")
        breakable.wait_for(lambda: _persons_words(chat)[-1:] == ["ja"], "the message to be stored", 10)
        breakable.kill_service()
        breakable.thaw_rasa()
        assert isinstance(lost.exception(30), httpx.HTTPError)
    breakable.start_service()
    again = chat.post({"text": "ja"}, key="ja-1")  # what the page does when no answer came
    assert again.status_code == 200
    chat.said = again.json()["messages"]
    assert chat.case["status"] == "open"
    assert _persons_words(chat).count("ja") == 1
    assert len([case for case in breakable.cases() if case["reference"] == chat.case["reference"]]) == 1
    breakable.letter(address, chat.case["reference"])
    assert chat.post({"text": "ja"}, key="ja-1").json() == again.json()


def test_the_service_dies_and_the_person_is_gone(breakable: Apart) -> None:
    """What was stored is answered although no one sends it again."""
    chat = Chat(breakable)
    breakable.freeze_rasa()
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(chat.post, {"text": "jag fick någon annans lönespec i mejlen"})
        breakable.wait_for(lambda: _persons_words(chat), "the message to be stored", 10)
        breakable.kill_service()
        breakable.thaw_rasa()
        assert isinstance(lost.exception(30), httpx.HTTPError)
    breakable.start_service()
    _answered_later(chat, 2)  # after the greeting
    assert chat.case["kind"] == "report.incident"


def test_the_mail_server_is_away(breakable: Apart) -> None:
    breakable.post.down()
    try:
        chat, address = Chat(breakable), new_address()
        chat.say("sluta skicka reklam till mig")
        chat.say(address)
        assert chat.case["status"] == "open", "the request does not wait for the mail"
        breakable.wait_for(lambda: breakable.readiness().get("mail") == "failing", "the failure to be reported", 30)
        other, their_address = Chat(breakable), new_address()
        other.say("radera mina uppgifter")
        other.go_on_to("code", their_address)
        assert "mejlet kan dröja" in other.text
        assert breakable.letters(address) == []
        queued = [row for row in breakable.insyn("mail", "outbox", "--json") if row["to"] in (address, their_address)]
        assert {row["status"] for row in queued} == {"queued"}
        assert len(queued) == 2
    finally:
        breakable.post.up()
    breakable.hurry_mail()
    assert breakable.letter(address, chat.case["reference"])
    other.give_code(their_address)
    other.say("ja")
    assert other.case["status"] == "open"
    breakable.letter(their_address, other.case["reference"])
    assert len(breakable.letters(address)) == 1


def test_two_tabs_confirm_at_once(breakable: Apart) -> None:
    chat, address = Chat(breakable), new_address()
    chat.say("radera mina uppgifter")
    chat.go_on_to("confirmed", address)
    with ThreadPoolExecutor(2) as pool:
        replies = [each.result() for each in [pool.submit(chat.post, {"text": "ja"}) for _ in range(2)]]
    assert [reply.status_code for reply in replies] == [200, 200]
    shown = {message["case"]["reference"] for r in replies for message in r.json()["messages"] if "case" in message}
    assert len(shown) == 1
    breakable.letter(address, shown.pop())
    opened = [letter for letter in breakable.letters(address) if "kod" not in letter.subject]
    assert len(opened) == 1


def test_two_tabs_ask_at_once(breakable: Apart) -> None:
    chat = Chat(breakable)
    questions = {
        "Hur länge sparas min jobbansökan?": "policy.retention.applicants",
        "kan polisen få ut mina uppgifter": "policy.sharing.authorities",
        "Hur kontaktar jag ert dataskyddsombud?": "policy.contact",
    }
    with ThreadPoolExecutor(len(questions)) as pool:
        asked = {question: pool.submit(chat.post, {"text": question}) for question in questions}
        answers = {question: reply.result().json()["messages"] for question, reply in asked.items()}
    assert {question: messages[0]["topic"] for question, messages in answers.items()} == questions
    entries = chat.transcript()[1:]
    for person, insyn in zip(entries[::2], entries[1::2], strict=True):
        assert insyn["topic"] == questions[person["text"]], "answers stand with their questions"

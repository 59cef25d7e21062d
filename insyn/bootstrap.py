"""Puts the house together: every part made once, from settings and a clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parseaddr

from insyn.audit.anchor import FILE_NAME as ANCHOR_FILE
from insyn.audit.anchor import Anchor
from insyn.audit.chain import AuditLog
from insyn.cases.casebook import Casebook
from insyn.cases.due import DueWatch
from insyn.casework.intake import Intake
from insyn.casework.work import CaseWork, StrongLogIn
from insyn.clock import Clock, utc_now
from insyn.conversation.bookkeeping import Bookkeeping
from insyn.conversation.conversations import Conversations
from insyn.conversation.gateway import Gateway
from insyn.conversation.mailed import MailedTurns
from insyn.conversation.news import News
from insyn.conversation.one_at_a_time import OneAtATime
from insyn.conversation.placeholders import Placeholders
from insyn.conversation.rasa import RasaClient
from insyn.conversation.takeover import Takeover
from insyn.conversation.tokens import Tokens
from insyn.conversation.transcript import Transcript
from insyn.conversation.vocabulary import taught_words
from insyn.delivery.deliveries import Deliveries
from insyn.delivery.files import CaseFiles
from insyn.identity.challenge import Challenges
from insyn.identity.oidc import OidcClient, Provider
from insyn.identity.step_up import Invitations
from insyn.learning.corrections import Corrections
from insyn.learning.intents import Intents, taught_intents
from insyn.learning.workshop import Workshop
from insyn.letters.post import Post
from insyn.mail.imap import ImapServer, ImapSource
from insyn.mail.inbox import Inbox
from insyn.mail.listener import Listener
from insyn.mail.mailroom import Handling, Mailroom
from insyn.mail.replying import Replying
from insyn.outbox.catcher import DevelopmentMailbox
from insyn.outbox.queue import Outbox
from insyn.outbox.sender import OutboxSender, SmtpServer
from insyn.own_data.erasure import Erasure
from insyn.own_data.holdings import OwnData
from insyn.own_data.wording import Wording
from insyn.policy.answers import AnswerBook
from insyn.policy.standing import Approvals
from insyn.privacy.keys import BlindIndex, DataKeyring
from insyn.privacy.retention import periods
from insyn.privacy.vault import Vault
from insyn.requests.desk import RequestDesk
from insyn.requests.mailbox_link import MailboxLinks
from insyn.requests.step_up import StepUp
from insyn.review.marks import Marks
from insyn.review.replying import StaffReplies
from insyn.settings import Settings
from insyn.staff.casefile import CaseFiling
from insyn.staff.log_in import LogIn
from insyn.staff.mail import MailDesk
from insyn.staff.members import Members
from insyn.staff.provider import BACK as STAFF_BACK
from insyn.staff.provider import ProviderLogIn
from insyn.staff.sessions import Sessions
from insyn.staff.viewing import Viewing
from insyn.store.engine import Store
from insyn.store.migrations import upgrade
from insyn.upkeep.holds import Holds
from insyn.upkeep.key_change import KeyChange
from insyn.upkeep.key_place import KeyPlace
from insyn.upkeep.purge import Purge
from insyn.upkeep.rotation import Rotation
from insyn.webhooks.queue import WebhookQueue
from insyn.webhooks.sender import WebhookSender
from insyn.webhooks.signature import Signer


@dataclass
class Services:
    """The parts that entry points use."""

    settings: Settings
    clock: Clock
    store: Store
    audit: AuditLog
    anchor: Anchor
    keyring: DataKeyring
    keys: KeyPlace
    rotation: Rotation
    key_change: KeyChange
    purge: Purge
    holds: Holds
    own_data: OwnData
    erasure: Erasure
    files: CaseFiles
    deliveries: Deliveries
    casebook: Casebook
    desk: RequestDesk
    links: MailboxLinks
    intake: Intake
    casework: CaseWork
    step_up: StepUp | None  # None where no provider is configured
    due_watch: DueWatch
    webhooks: WebhookSender | None
    book: AnswerBook
    outbox: Outbox
    sender: OutboxSender
    mailbox: DevelopmentMailbox | None
    rasa: RasaClient
    conversations: Conversations
    gateway: Gateway
    alone: OneAtATime
    news: News
    inbox: Inbox
    mailroom: Mailroom
    listener: Listener | None
    imap: ImapSource | None
    members: Members
    staff_sessions: Sessions
    log_in: LogIn
    staff_provider: ProviderLogIn | None  # None where the organisation's own log-in is not configured
    viewing: Viewing
    mail_desk: MailDesk
    case_filing: CaseFiling
    marks: Marks
    takeover: Takeover
    replies: StaffReplies
    intents: Intents
    vocabulary: frozenset[str]
    corrections: Corrections
    workshop: Workshop
    approvals: Approvals
    rasa_state: Callable[[], str] = field(default=lambda: "ready")


def open_store(settings: Settings) -> Store:
    """The configured store, brought to the newest schema. Raises an SQLAlchemy error when it cannot be."""
    store = Store(settings.store_url)
    upgrade(store, AuditLog(settings.audit_key.get_secret_value(), utc_now))
    return store


def build(settings: Settings, *, clock: Clock = utc_now, store: Store | None = None) -> Services:
    """All services on a migrated store. Raises `StoreUnavailable` or an SQLAlchemy error when the store cannot be had."""
    store = store or open_store(settings)
    audit = AuditLog(settings.audit_key.get_secret_value(), clock)
    anchor = Anchor(settings.var_dir / ANCHOR_FILE, settings.audit_key.get_secret_value(), clock)
    keys = KeyPlace(settings)
    keyring = DataKeyring(settings.master_keys.get_secret_value(), keys.master_key_news())
    index = BlindIndex(
        settings.index_key.get_secret_value(), settings.former_index_key.get_secret_value(), keys.index_key_news()
    )
    vault = Vault(keyring, index)
    events = WebhookQueue(settings.webhook_url, clock) if settings.webhook_url else None
    casebook = Casebook(keyring, index, audit, clock, watchers=[events.watch] if events else [])
    challenges = Challenges(settings.code_key.get_secret_value(), index, audit, clock)
    sender_address = parseaddr(settings.mail_from)[1]
    inbox = Inbox(store, keyring, index, audit, clock)
    outbox = Outbox(keyring, clock, sender_address.rpartition("@")[2] or "localhost")
    book = AnswerBook(
        retention_chat_days=settings.retention_chat_days,
        retention_verified_chat_days=settings.retention_verified_chat_days,
        retention_case_days=settings.retention_case_days,
    )
    rasa = RasaClient(settings.rasa_url, settings.rasa_token.get_secret_value(), settings.rasa_timeout_seconds)
    transcript = Transcript(book, vault, settings.policy_url)
    vocabulary = taught_words()
    tokens = Tokens(settings.token_key.get_secret_value())
    takeover = Takeover(transcript, audit, clock, timedelta(minutes=settings.human_idle_minutes))
    placeholders, bookkeeping = Placeholders(vault, challenges, vocabulary), Bookkeeping(transcript, book, audit, clock)
    alone, news = OneAtATime(), News()
    conversations = Conversations(store, keyring, audit, book, transcript, tokens, clock)
    gateway = Gateway(
        store, rasa, keyring, audit, transcript, tokens, takeover, placeholders, bookkeeping, alone, news, clock
    )
    mailed = MailedTurns(store, rasa, conversations, placeholders, transcript, bookkeeping, alone, news, clock)
    desk = RequestDesk(
        store,
        casebook,
        challenges,
        vault,
        outbox,
        audit,
        clock,
        settings.alarm_address or sender_address,
        settings.public_url,
        inbox.in_thread,
    )
    intents = taught_intents(book)
    approvals = Approvals(store, book, audit, clock, settings.policy_file)
    approvals.refresh()
    own_data = OwnData(store, index, casebook, inbox, vault, transcript, audit, clock, periods(settings), Wording(book))
    token_key = settings.token_key.get_secret_value()
    members = Members(store, keyring, audit, clock, token_key=token_key, code_key=settings.code_key.get_secret_value())
    staff_log_in = LogIn(store, members, audit, clock, token_key=token_key)
    files = CaseFiles(store, keyring, audit, clock, max_bytes=settings.delivery_max_mb * 1_000_000)
    log_in, step_up = _stronger_identification(settings, store, casebook, audit, clock)
    rotation = Rotation(store, keyring, index, casebook, audit, clock)
    codes_kept = max(timedelta(days=1), timedelta(hours=settings.retention_code_hours))
    replying = Replying(
        transcript, casebook, desk, outbox, Post(outbox, casebook, audit), clock, public_url=settings.public_url
    )
    max_mail_bytes = settings.mail_max_mb * 1_000_000
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        audit=audit,
        anchor=anchor,
        keyring=keyring,
        keys=keys,
        rotation=rotation,
        key_change=KeyChange(keys, rotation, store, audit, clock, codes_kept),
        purge=Purge(store, casebook, outbox, audit, anchor, clock, settings),
        holds=Holds(store, casebook, audit),
        own_data=own_data,
        erasure=Erasure(store, audit, clock),
        files=files,
        deliveries=Deliveries(
            store,
            files,
            own_data,
            casebook,
            challenges,
            outbox,
            audit,
            clock,
            public_url=settings.public_url,
            days=settings.delivery_days,
            fetches=settings.delivery_fetches,
        ),
        casebook=casebook,
        desk=desk,
        links=MailboxLinks(store, casebook, challenges, desk, clock),
        intake=Intake(store, casebook, inbox, audit, clock),
        casework=CaseWork(store, casebook, outbox, audit, clock, log_in, inbox.in_thread),
        step_up=step_up,
        due_watch=DueWatch(store, casebook, clock, settings.due_notice_days),
        webhooks=_webhooks(settings, store, events, clock) if events else None,
        book=book,
        outbox=outbox,
        sender=OutboxSender(store, outbox, SmtpServer.of(settings), settings.mail_from, clock),
        mailbox=DevelopmentMailbox(settings.dev_smtp_port, clock) if settings.catches_mail else None,
        rasa=rasa,
        conversations=conversations,
        gateway=gateway,
        alone=alone,
        news=news,
        inbox=inbox,
        mailroom=Mailroom(
            store,
            inbox,
            mailed,
            placeholders,
            rasa,
            desk,
            casebook,
            vault,
            replying,
            book,
            Handling(
                own_addresses=settings.own_addresses,
                authserv_id=settings.mail_authserv_id,
                max_replies=settings.mail_replies_per_day,
                max_bytes=max_mail_bytes,
            ),
        ),
        listener=_listener(settings, inbox, max_mail_bytes) if settings.listens_for_mail else None,
        imap=_imap(settings, store, inbox, clock, max_mail_bytes) if settings.imap_host else None,
        members=members,
        staff_sessions=Sessions(
            store,
            members,
            clock,
            token_key=token_key,
            idle_minutes=settings.staff_idle_minutes,
            hours=settings.staff_session_hours,
        ),
        log_in=staff_log_in,
        staff_provider=_staff_provider(settings, store, members, staff_log_in, audit, clock),
        viewing=(viewing := Viewing(store, casebook, keyring, vault, audit, clock)),
        mail_desk=MailDesk(store, inbox, viewing, audit),
        case_filing=CaseFiling(casebook, files, transcript, clock),
        marks=Marks(store, audit, clock),
        takeover=takeover,
        replies=StaffReplies(
            store, alone, news, takeover, vault, casebook, inbox, Post(outbox, casebook, audit), audit, clock
        ),
        intents=intents,
        vocabulary=vocabulary,
        corrections=Corrections(store, intents, audit, clock),
        workshop=Workshop(settings.var_dir / "learning", book, clock),
        approvals=approvals,
    )


def _staff_provider(
    settings: Settings, store: Store, members: Members, log_in: LogIn, audit: AuditLog, clock: Clock
) -> ProviderLogIn | None:
    if not settings.staff_issuer:
        return None
    provider = Provider(
        issuer=settings.staff_issuer,
        client_id=settings.staff_client_id,
        client_secret=settings.staff_client_secret.get_secret_value(),
        name=settings.staff_provider_name,
        acr_values=tuple(settings.staff_acr_values.split()),
        scope="openid",
    )
    client = OidcClient(provider, settings.token_key.get_secret_value(), clock)
    return ProviderLogIn(store, members, log_in, client, audit, f"{settings.public_url}{STAFF_BACK}")


def _stronger_identification(
    settings: Settings, store: Store, casebook: Casebook, audit: AuditLog, clock: Clock
) -> tuple[StrongLogIn | None, StepUp | None]:
    """Both sides of it, the staff's and the person's; neither where no provider is configured."""
    if not settings.strong_issuer:
        return None, None
    provider = Provider(
        issuer=settings.strong_issuer,
        client_id=settings.strong_client_id,
        client_secret=settings.strong_client_secret.get_secret_value(),
        name=settings.strong_name,
        acr_values=tuple(settings.strong_acr_values.split()),
        scope=settings.strong_scope,
    )
    client = OidcClient(provider, settings.code_key.get_secret_value(), clock)
    invitations = Invitations(settings.public_url, clock)
    step_up = StepUp(store, casebook, invitations, client, audit, clock, settings.public_url)
    return StrongLogIn(provider.name, invitations), step_up


def _listener(settings: Settings, inbox: Inbox, max_bytes: int) -> Listener:
    return Listener(
        inbox,
        host=settings.mail_listen_host,
        port=settings.mail_listen_port,
        lmtp=settings.mail_listen == "lmtp",
        max_bytes=max_bytes,
        own_addresses=settings.own_addresses,
    )


def _imap(settings: Settings, store: Store, inbox: Inbox, clock: Clock, max_bytes: int) -> ImapSource:
    server, pause = ImapServer.of(settings), settings.imap_poll_seconds
    return ImapSource(server, store, inbox, clock, max_bytes=max_bytes, poll_seconds=pause)


def _webhooks(settings: Settings, store: Store, events: WebhookQueue, clock: Clock) -> WebhookSender:
    signer = Signer(settings.webhook_secrets.get_secret_value())
    return WebhookSender(store, events, settings.webhook_url, signer, clock)

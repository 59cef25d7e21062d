"""Who may use which route of the console: one table, from which the gate decides (`insyn.web.staff.gate`).

A route that does not stand here is refused. docs/console.md shows the same table to people; a test holds both, and the
routes themselves, against each other.
"""

from __future__ import annotations

from insyn.staff.roles import Role

PREFIX = "/konsol"

R, H, D, A = Role.REVIEWER, Role.HANDLER, Role.DPO, Role.ADMIN
ANYONE: frozenset[Role] | None = None  # also without being logged in
EVERYONE = frozenset(Role)
CASES = frozenset({H, D})
TALKS = frozenset({R, H, D})

ACCESS: dict[str, frozenset[Role] | None] = {
    "GET /konsol/logga-in": ANYONE,
    "POST /konsol/logga-in": ANYONE,
    "GET /konsol/valkommen/{link}": ANYONE,
    "POST /konsol/valkommen/{link}": ANYONE,
    "GET /konsol/valkommen/{link}/organisation": ANYONE,
    "GET /konsol/organisation/logga-in": ANYONE,
    "GET /konsol/organisation/klart": ANYONE,
    "GET /konsol/organisation/koppla": EVERYONE,
    "POST /konsol/logga-ut": EVERYONE,
    "GET /konsol": EVERYONE,
    "GET /konsol/mig": EVERYONE,
    "POST /konsol/mig/losenord": EVERYONE,
    "POST /konsol/mig/koder": EVERYONE,
    "POST /konsol/mig/sessioner": EVERYONE,
    "GET /konsol/arenden": CASES,
    "POST /konsol/arenden/sok": CASES,
    "POST /konsol/arenden/samlat": CASES,
    "GET /konsol/arenden/nytt": CASES,
    "POST /konsol/arenden/nytt": CASES,
    "GET /konsol/arenden/{reference}": CASES,
    "GET /konsol/arenden/{reference}/utskrift": CASES,
    "POST /konsol/arenden/{reference}/visa": CASES,
    "POST /konsol/arenden/{reference}/anteckning": CASES,
    "POST /konsol/arenden/{reference}/tilldela": CASES,
    "POST /konsol/arenden/{reference}/id-kopia": CASES,
    "POST /konsol/arenden/{reference}/undantag": frozenset({D}),
    "POST /konsol/arenden/{reference}/upprepning": CASES,
    "GET /konsol/arenden/{reference}/steg/{step}": CASES,
    "POST /konsol/arenden/{reference}/steg/{step}": CASES,
    "POST /konsol/arenden/{reference}/steg/{step}/brev": CASES,
    "POST /konsol/arenden/{reference}/filer": CASES,
    "POST /konsol/arenden/{reference}/filer/{file_id}/ta-bort": CASES,
    "POST /konsol/arenden/{reference}/leverans": CASES,
    "POST /konsol/arenden/{reference}/leverans/{delivery_id}/dra-tillbaka": CASES,
    "POST /konsol/arenden/{reference}/brev/{mail_id}/klart": CASES,
    "POST /konsol/arenden/{reference}/uttag": CASES,
    "GET /konsol/post": CASES,
    "GET /konsol/post/{mail_id}": CASES,
    "POST /konsol/post/{mail_id}/visa": CASES,
    "POST /konsol/post/{mail_id}/hamta": CASES,
    "POST /konsol/post/{mail_id}/klart": CASES,
    "GET /konsol/insynslogg": frozenset({D}),
    "GET /konsol/konton": frozenset({A}),
    "POST /konsol/konton": frozenset({A}),
    "POST /konsol/konton/{member_id}/roller": frozenset({A}),
    "POST /konsol/konton/{member_id}/lank": frozenset({A}),
    "POST /konsol/konton/{member_id}/stang": frozenset({A}),
    "POST /konsol/konton/{member_id}/oppna": frozenset({A}),
    "GET /konsol/inloggningar": frozenset({D, A}),
    "GET /konsol/samtal": TALKS,
    "POST /konsol/samtal/sok": TALKS,
    "POST /konsol/samtal/samlat": TALKS,
    "GET /konsol/samtal/{conversation_id}": TALKS,
    "POST /konsol/samtal/{conversation_id}/ratta": TALKS,
    "POST /konsol/samtal/{conversation_id}/markera": TALKS,
    "POST /konsol/samtal/{conversation_id}/visa": TALKS,
    "GET /konsol/samtal/{conversation_id}/nytt": TALKS,
    "POST /konsol/samtal/{conversation_id}/svara": CASES,
    "POST /konsol/samtal/{conversation_id}/ta-over": CASES,
    "POST /konsol/samtal/{conversation_id}/lamna": CASES,
    "GET /konsol/larande": frozenset({R, D}),
    "POST /konsol/larande/samlat": frozenset({R, D}),
    "POST /konsol/larande/{turn_seq}": frozenset({R, D}),
    "GET /konsol/svar": EVERYONE,
    "POST /konsol/svar/policy": frozenset({D}),
    "POST /konsol/svar/{topic}/godkann": frozenset({D}),
    "GET /konsol/siffror": EVERYONE,
    "GET /konsol/siffror/uttag": EVERYONE,
    "GET /konsol/siffror/{year}": EVERYONE,
}


def allowed(method: str, path: str, roles: frozenset[Role] | None) -> bool:
    """Whether someone with these roles may use a route; `roles` is None for someone who is not logged in."""
    entry = f"{'GET' if method == 'HEAD' else method} {path}"
    if entry not in ACCESS:
        return False
    wanted = ACCESS[entry]
    return wanted is None or (roles is not None and bool(roles & wanted))

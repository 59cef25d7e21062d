"""One's own account: password, recovery codes, sessions."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from insyn.staff.passwords import MIN_LENGTH, PasswordTooWeak
from insyn.staff.second_factor import recovery_codes_left
from insyn.web.staff import pages
from insyn.web.staff.access import PREFIX
from insyn.web.staff.gate import Visit, gate

HERE = f"{PREFIX}/mig"
WRONG_PASSWORD = "Det nuvarande lösenordet stämmer inte."


def own_account_router() -> APIRouter:
    """The routes under /konsol/mig."""
    router = APIRouter(prefix=HERE)

    @router.get("")
    def show(visit: Visit = Depends(gate)) -> Response:
        return _page(visit)

    @router.post("/losenord")
    def change_password(visit: Visit = Depends(gate)) -> Response:
        keep = visit.logged_in.secret_hash if visit.logged_in else b""
        try:
            changed = visit.services.members.change_password(
                visit.by, visit.form["present"], visit.form["new"], keep=keep
            )
        except PasswordTooWeak as error:
            return _page(visit, wrong=error.says)
        return pages.onward(HERE, said="losenord") if changed else _page(visit, wrong=WRONG_PASSWORD)

    @router.post("/koder")
    def renew_codes(visit: Visit = Depends(gate)) -> Response:
        codes = visit.services.members.renew_recovery_codes(visit.by, visit.form["present"])
        if codes is None:
            return _page(visit, wrong=WRONG_PASSWORD)
        return pages.page(visit, "recovery_codes.html.j2", codes=codes, fresh=False)

    @router.post("/sessioner")
    def end_others(visit: Visit = Depends(gate)) -> Response:
        if visit.logged_in is not None:
            visit.services.staff_sessions.end_others(visit.logged_in)
        return pages.onward(HERE, said="sessioner")

    return router


def _page(visit: Visit, *, wrong: str = "") -> Response:
    sessions = visit.services.staff_sessions.of_member(visit.by)
    with visit.services.store.read() as session:
        codes_left = recovery_codes_left(session, visit.by)
    return pages.page(
        visit,
        "own_account.html.j2",
        status=422 if wrong else 200,
        wrong=wrong,
        sessions=sessions,
        least=MIN_LENGTH,
        codes_left=codes_left,
    )

"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for when it is lost.

No code works twice: of the authenticator the last used 30-second step is kept and must be passed, a recovery code is
deleted when used. Both are one conditional statement, so that of parallel uses one succeeds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from insyn.store.staff_tables import StaffMember, StaffRecoveryCode

ISSUER = "Insyn"
DRIFT_STEPS = 1  # a code of the step before or after is taken as well
RECOVERY_CODES = 10
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is mistaken for something else
_RECOVERY_LENGTH = 12  # 58 bits


def secret_of(key: bytes, link: str) -> str:
    """The TOTP secret that belongs to a one-time link: derived, so that nothing is kept before it is confirmed."""
    return base64.b32encode(hmac.new(key, f"totp\0{link}".encode(), hashlib.sha256).digest()[:20]).decode()


def address_for(secret: str, account: str) -> str:
    """The `otpauth://` address that an authenticator app reads from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The 30-second step that a code belongs to, or None when it is not right now."""
    totp = pyotp.TOTP(secret)
    present = totp.timecode(now)
    right = None
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):  # all of them, right or not: the same time
        if hmac.compare_digest(totp.generate_otp(step), code):
            right = step
    return right


def use_step(session: Session, member_id: str, step: int) -> bool:
    """Uses up the code of a step; False when it, or a later one, was used before."""
    used = session.execute(
        update(StaffMember)
        .where(StaffMember.id == member_id, StaffMember.totp_step < step)
        .values(totp_step=step)
        .execution_options(synchronize_session=False)
    )
    return bool(used.rowcount == 1)  # type: ignore[attr-defined]


def new_recovery_codes(session: Session, key: bytes, member_id: str) -> list[str]:
    """Fresh recovery codes in place of the old ones; this is the only time they can be read."""
    session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.member_id == member_id))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    session.add_all(StaffRecoveryCode(code_hash=_hash(key, member_id, code), member_id=member_id) for code in codes)
    session.flush()
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def recovery_codes_left(session: Session, member_id: str) -> int:
    """How many recovery codes have not been used."""
    rows = select(func.count()).select_from(StaffRecoveryCode).where(StaffRecoveryCode.member_id == member_id)
    return session.scalar(rows) or 0


def use_recovery_code(session: Session, key: bytes, member_id: str, code: str) -> bool:
    """Uses up a recovery code; False when there is no such code."""
    plain = "".join(mark for mark in code.upper() if mark in _ALPHABET)
    gone = session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.code_hash == _hash(key, member_id, plain)))
    return bool(gone.rowcount == 1)  # type: ignore[attr-defined]


def _hash(key: bytes, member_id: str, code: str) -> bytes:
    return hmac.new(key, f"recovery\0{member_id}\0{code}".encode(), hashlib.sha256).digest()

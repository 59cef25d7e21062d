"""`insyn serve`: settings, ports, store, model, and then everything runs."""

from __future__ import annotations

import asyncio
import os

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from insyn.audit.chain import AuditLog
from insyn.clock import utc_now
from insyn.runtime.environment import complete, load_settings
from insyn.runtime.ports import require_free
from insyn.runtime.progress import Stop, guarded, step
from insyn.runtime.training import ensure_model
from insyn.settings import Settings
from insyn.store.engine import Store
from insyn.store.migrations import upgrade


def run() -> int:
    """Starts Insyn and runs it until it is told to stop; returns the exit code, and tells failures."""
    return guarded(_run)


def _run() -> None:
    added = complete()
    if added:
        print("Nya hemligheter i .env: " + ", ".join(added))
    os.umask(0o077)  # store and logs are for the owner only
    settings = load_settings()
    require_free(settings)
    migrate(settings)
    ensure_model()
    from insyn.runtime.serve import serve  # late: what stops us before this point should do so quickly

    asyncio.run(serve(settings))


def migrate(settings: Settings) -> None:
    """Brings the store to the present schema. Raises `Stop` when the database cannot be used."""
    try:
        with step("Databasen uppdateras"):
            store = Store(settings.store_url)
            upgrade(store, AuditLog(settings.audit_key.get_secret_value(), utc_now))
            store.close()
    except (DBAPIError, ModuleNotFoundError) as error:
        cause = getattr(error, "orig", None) or error
        raise Stop(
            "Databasen kan inte användas. Kontrollera INSYN_DATABASE_URL i .env och att databasen är igång.",
            "The database cannot be used. Check INSYN_DATABASE_URL in .env and that the database is running.",
            f"  {type(cause).__name__}: {str(cause).strip().splitlines()[0] if str(cause).strip() else ''}",
        ) from None
    except SQLAlchemyError as error:
        raise Stop("Databasen kunde inte uppdateras.", "The database could not be upgraded.", f"  {error}") from None

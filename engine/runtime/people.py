"""People: made, given roles, closed, and their records handed over. Passwords, roles and tokens are no fields."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa

from engine.change import Actor, Draft, FieldError, Forbidden, InvalidRecord, NotFound, system
from engine.problems import did_you_mean
from engine.runtime.rights import Rights
from engine.runtime.save import save_in
from engine.runtime.session import Session
from engine.runtime.signin import PASSWORD_MIN, actor_of_user, user_by_login
from engine.runtime.site import Site
from engine.runtime.transaction import in_transaction
from engine.store import callers, credentials, records, security_log, tokens
from engine.store.callers import Caller
from engine.store.errors import Unavailable
from engine.store.tokens import Token

SETUP_HOURS: Final = 24
SETUP_PATH: Final = "/-/setup"


def add(
    site: Site, actor: Actor, *, name: str, login: str, roles: Collection[str], password: str | None,
    must_change: bool = False, more: Mapping[str, Any] | None = None,
) -> int:  # fmt: skip
    """Make a person with these roles; their id. Without a password they cannot sign in yet.

    Raises Forbidden, or InvalidRecord when a value, role or password will not do.
    """
    require_ceiling(site, actor, roles)
    hashed = hash_of(password) if password is not None else None

    def work(session: Session) -> int:
        values = {"name": name, "login": login, **(more or {})}
        made = save_in(session, Draft("user", values, source="form"))
        credentials.store_password(
            session.connection, session.tables, made.id, hashed, session.now, must_change=must_change
        )
        credentials.set_roles(session.connection, session.tables, made.id, roles)
        _log(session, "user_added", made.id, {"roles": sorted(roles)})
        return made.id

    return in_transaction(site, as_engine(actor), work)


def give_roles(site: Site, actor: Actor, user: int, roles: Collection[str]) -> None:
    """Let a person have exactly these roles, from their next request on.

    Raises Forbidden past the actor's ceiling, and InvalidRecord when nobody could manage people any more.
    """
    require_over(site, actor, user)
    require_ceiling(site, actor, roles)

    def work(session: Session) -> None:
        _require_user(session, user)
        credentials.set_roles(session.connection, session.tables, user, roles)
        _require_manager(session)
        _log(session, "roles_changed", user, {"roles": sorted(roles)})

    in_transaction(site, as_engine(actor), work)


def set_password(site: Site, actor: Actor, user: int, password: str, *, must_change: bool = True) -> None:
    """Give a person a new password; every session of theirs ends. Raises Forbidden and InvalidRecord."""
    require_over(site, actor, user)
    hashed = hash_of(password)

    def work(session: Session) -> None:
        _require_user(session, user)
        credentials.store_password(
            session.connection, session.tables, user, hashed, session.now, must_change=must_change
        )
        credentials.end_sessions(session.connection, session.tables, user)
        _log(session, "password_given", user, {})

    in_transaction(site, as_engine(actor), work)


def close(site: Site, actor: Actor, user: int) -> None:
    """Close a person's account: they are signed out everywhere, and their tokens are of no use any more."""
    require_over(site, actor, user)

    def work(session: Session) -> None:
        save_in(session, Draft("user", {"active": False}, id=user))
        credentials.end_sessions(session.connection, session.tables, user)
        tokens.revoke_all(session.connection, session.tables, user, session.now)
        _require_manager(session)
        _log(session, "user_closed", user, {})

    in_transaction(site, as_engine(actor), work)


def reopen(site: Site, actor: Actor, user: int) -> None:
    """Open a closed account again; the password is as it was."""
    require_over(site, actor, user)

    def work(session: Session) -> None:
        save_in(session, Draft("user", {"active": True}, id=user))
        _log(session, "user_reopened", user, {})

    in_transaction(site, as_engine(actor), work)


# ---- who may


def require_ceiling(site: Site, actor: Actor, roles: Iterable[str]) -> None:
    """Raises Forbidden unless the actor may manage people and holds all that these roles `may`."""
    wanted = set(roles)
    unknown = sorted(wanted - site.model.roles.keys())
    if unknown:
        hint = did_you_mean(unknown[0], site.model.roles)
        raise InvalidRecord((FieldError("roles", "unknown_role", f"There is no role '{unknown[0]}'. {hint}".strip()),))
    if actor.system:
        return
    if "people" not in actor.may:
        raise Forbidden("Only who may manage people gives roles.")
    above = {word for role in wanted for word in site.model.roles[role].may} - actor.may
    if above:
        raise Forbidden(f"You cannot give what you do not have: {', '.join(sorted(above))}.")


def require_over(site: Site, actor: Actor, user: int) -> None:
    """Raises Forbidden unless the actor may manage people, this one included: nobody takes over who may more."""
    with site.database.reading() as connection:
        held = credentials.roles(connection, site.tables, user)
    require_ceiling(site, actor, held & site.model.roles.keys())


def as_engine(actor: Actor) -> Actor:
    """The engine acting for a person: history names the person, grants on the user entity are not asked."""
    return replace(actor, system=True)


def hash_of(password: str) -> str:
    """The hash of a new password; raises InvalidRecord for one that is too short or too long."""
    if len(password) < PASSWORD_MIN or not credentials.fits(password):
        message = f"A password has at least {PASSWORD_MIN} characters."
        raise InvalidRecord((FieldError("password", "weak_password", message),))
    return credentials.hash_password(password)


def _require_user(session: Session, user: int) -> None:
    if session.row("user", user) is None:
        raise NotFound("user")


def _require_manager(session: Session) -> None:
    """Somebody must be left who may manage people."""
    model, tables = session.model, session.tables
    able = [name for name, role in model.roles.items() if "people" in role.may]
    ids = {user for name in able for user in credentials.having_role(session.connection, tables, name)}
    rows = records.read(session.connection, tables, "user", ids)
    if not any(row["deleted_at"] is None and row.get("active", True) for row in rows):
        message = "Somebody who is active must be able to manage people."
        raise InvalidRecord((FieldError("", "last_manager", message),))


def _log(session: Session, event: str, user: int, details: Mapping[str, Any]) -> None:
    by = {"by": session.actor.user} if session.actor.user is not None else {}
    security_log.write(
        session.connection, session.tables, event, session.now, user=user, account=session.actor.name,
        details={**details, **by},
    )  # fmt: skip


# ---- actors


def actor_of_caller(site: Site, caller: Caller) -> Actor:
    """The actor that a person is just now."""
    app = site.model.app
    may = site.kept.get(
        ("capabilities", caller.roles), lambda: Rights.of(site.model, (False, True, caller.roles)).capabilities
    )
    locale = caller.locale if caller.locale in app.locales else app.locale
    return Actor(caller.user, caller.name, caller.roles, may, locale, caller.timezone or app.timezone)


def actor_of_token(site: Site, connection: sa.Connection, text: str) -> tuple[Actor, Token] | None:
    """Who holds an API token, and the token; None when it is of no use, or the account is closed."""
    found = callers.by_token(connection, site.tables, text, site.now())
    return (actor_of_caller(site, found[0]), found[1]) if found is not None else None


def note_use(site: Site, token: Token) -> None:
    """Keep when a token was last used, roughly. A busy database must not refuse a request for that."""
    now = site.now()
    if tokens.needs_touch(token, now):
        with suppress(Unavailable), site.database.writing() as connection:
            tokens.touch(connection, site.tables, token, now)


def actor_by_login(site: Site, login: str) -> Actor | None:
    """The active person with this sign-in name."""
    with site.database.reading() as connection:
        row = user_by_login(connection, site, login)
        return actor_of_user(connection, site, row["id"]) if row is not None else None


def create_token(site: Site, *, login: str, name: str, days: int) -> str:
    """A new API token of an active person: its text, shown this once. Raises NotFound."""
    actor = actor_by_login(site, login)
    if actor is None or actor.user is None:
        raise NotFound("user")
    user = actor.user

    def work(session: Session) -> str:
        until = session.now + timedelta(days=days)
        text, token = tokens.create(session.connection, session.tables, user, name, session.now, expires_at=until)
        _log(session, "token_created", user, {"prefix": token.prefix})
        return text

    return in_transaction(site, system(), work)


# ---- the first administrator


def setup_secret(site: Site) -> str | None:
    """The secret of a link that makes the first administrator; None when there is somebody already.

    Nothing is stored: the link is good for a day, and only while nobody is there, so it works once.
    """
    with site.database.reading() as connection:
        if callers.any_user(connection, site.tables):
            return None
    until = int(site.now().timestamp()) + SETUP_HOURS * 3600
    salt = secrets.token_hex(8)
    return f"{until:x}-{salt}-{_setup_signature(site, until, salt)}"


def setup_open(site: Site, secret: str) -> bool:
    """Whether this link may still make the first administrator."""
    until, _, rest = secret.partition("-")
    salt, _, signature = rest.partition("-")
    if not until.isalnum() or len(until) > 12 or not until.isascii():
        return False
    try:
        moment = int(until, 16)
    except ValueError:
        return False
    if not hmac.compare_digest(signature.encode(), _setup_signature(site, moment, salt).encode()):
        return False
    if moment < site.now().timestamp():
        return False
    with site.database.reading() as connection:
        return not callers.any_user(connection, site.tables)


def set_up(site: Site, *, secret: str, name: str, login: str, password: str) -> int:
    """Make the first administrator; the link is used up. Raises NotFound for a link that is no good."""
    if not setup_open(site, secret):
        raise NotFound("setup")
    hashed = hash_of(password)
    roles = administrator_roles(site)

    def work(session: Session) -> int:
        if callers.any_user(session.connection, session.tables):
            raise NotFound("setup")
        made = save_in(session, Draft("user", {"name": name, "login": login}, source="form"))
        credentials.store_password(session.connection, session.tables, made.id, hashed, session.now)
        credentials.set_roles(session.connection, session.tables, made.id, roles)
        _log(session, "set_up", made.id, {"roles": sorted(roles)})
        return made.id

    return in_transaction(site, system(locale=site.model.app.locale), work)


def administrator_roles(site: Site) -> frozenset[str]:
    """The role that looks after people: `administrator`, else the first that may."""
    able = [name for name, role in site.model.roles.items() if "people" in role.may]
    if not able:
        raise Forbidden("No role of this config may manage people: add `may: [config, people]` to one.")
    return frozenset({"administrator" if "administrator" in able else able[0]})


def _setup_signature(site: Site, until: int, salt: str) -> str:
    return hmac.new(site.key, f"setup:{until}:{salt}".encode(), sha256).hexdigest()

"""Signing in and staying signed in: passwords, sessions, and the actor behind each request."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from engine.change import Actor, Draft, system
from engine.limits import TOKEN_DAYS_DEFAULT, TOKEN_DAYS_MAX
from engine.runtime.rights import Rights
from engine.runtime.save import save
from engine.runtime.site import Site
from engine.store import callers, credentials, records, security_log, sessions, tokens
from engine.store.callers import Caller
from engine.store.errors import Unavailable

PASSWORD_MIN = 10
"""Characters of a new password; length is what makes guessing hopeless."""
THEMES = ("light", "dark")
TOKEN_DAYS = (30, TOKEN_DAYS_DEFAULT, TOKEN_DAYS_MAX)
"""For how long people make API tokens."""


class WrongPassword(Exception):
    """No such person, a closed account or another password: one answer for all."""


class TooManyTries(Exception):
    """Too many wrong passwords of late: wait."""


class WeakPassword(Exception):
    """A new password that is too short or too long."""


class SamePassword(Exception):
    """A new password that is the present one: whoever gave that would still know it."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, read anew for every request."""

    actor: Actor
    theme: str = "auto"
    must_change: bool = False
    """Whether the password was given by somebody else: until it is changed, nothing else is to be had."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was just opened."""

    secret: str
    """The id for the cookie; only its digest is stored."""
    must_change: bool
    """Whether the password was given by somebody else and is to be changed first."""


def sign_in(site: Site, *, login: str, password: str, address: str, agent: str = "") -> Opened:
    """A new session for the right password.

    Raises WrongPassword or TooManyTries. A wrong name takes as long as a wrong password. The id is always a new one:
    whatever a client brings along is never taken up.
    """
    now, tables = site.now(), site.tables
    with site.database.reading() as connection:
        allowed = credentials.may_try(connection, tables, login, address, now)
        user = user_by_login(connection, site, login)
        credential = credentials.read(connection, tables, user["id"]) if user is not None else None
    if not allowed:
        _note(site, "locked_out", login, address)
        raise TooManyTries
    right = credentials.verify(credential, password)  # outside of a transaction: it is slow on purpose
    if not right or user is None or not user["active"] or credential is None:
        with site.database.writing() as connection:
            credentials.note_failure(connection, tables, login, address, now)
            security_log.write(connection, tables, "wrong_password", now, account=login, address=address)
        raise WrongPassword
    rehashed = credentials.hash_password(password) if credentials.needs_rehash(credential) else None
    with site.database.writing() as connection:
        credentials.forget_failures(connection, tables, login, address)
        if rehashed is not None:
            credentials.replace_hash(connection, tables, user["id"], rehashed)
        secret, _ = sessions.open_session(connection, tables, user["id"], now, address=address, agent=agent)
        security_log.write(connection, tables, "signed_in", now, user=user["id"], account=login, address=address)
    return Opened(secret, credential.must_change)


def sign_out(site: Site, secret: str) -> None:
    """End a session, here and in the database."""
    with site.database.writing() as connection:
        session = sessions.find(connection, site.tables, secret, site.now())
        if session is not None:
            sessions.close(connection, site.tables, session.digest)
            security_log.write(
                connection, site.tables, "signed_out", site.now(), user=session.user, address=session.address
            )


def actor_of_session(site: Site, secret: str) -> SignedIn | None:
    """Who a session belongs to, with the roles of this moment; None when it is over or the account is closed."""
    now = site.now()
    with site.database.reading() as connection:
        session = sessions.find(connection, site.tables, secret, now)
        caller = callers.by_id(connection, site.tables, session.user) if session is not None else None
    if session is None or caller is None:
        return None
    if sessions.needs_touch(session, now):
        # "Last seen" is a courtesy: a busy database must not refuse a reading request.
        with suppress(Unavailable), site.database.writing() as connection:
            sessions.touch(connection, site.tables, session, now)
    theme = caller.theme if caller.theme in THEMES else "auto"
    return SignedIn(actor_of(site, caller), theme, session.must_change)


def change_password(site: Site, actor: Actor, *, old: str, new: str, address: str, agent: str = "") -> str:
    """Change the actor's own password and sign every device out; a new session's secret for this one.

    Raises WrongPassword, TooManyTries, WeakPassword, SamePassword.
    """
    assert actor.user is not None
    now, tables, user = site.now(), site.tables, actor.user
    account = f"user:{user}"
    require_strength(new)
    with site.database.reading() as connection:
        allowed = credentials.may_try(connection, tables, account, address, now)
        credential = credentials.read(connection, tables, user)
    if not allowed:
        raise TooManyTries
    if not credentials.verify(credential, old):
        with site.database.writing() as connection:
            credentials.note_failure(connection, tables, account, address, now)
        raise WrongPassword
    if new == old:
        raise SamePassword
    hashed = credentials.hash_password(new)
    with site.database.writing() as connection:
        credentials.store_password(connection, tables, user, hashed, now)
        sessions.close_all(connection, tables, user)
        security_log.write(connection, tables, "password_changed", now, user=user, address=address)
        secret, _ = sessions.open_session(connection, tables, user, now, address=address, agent=agent)
    return secret


def require_strength(password: str) -> None:
    """Raises WeakPassword for a password that is too short, or longer than what is ever hashed."""
    if len(password) < PASSWORD_MIN or not credentials.fits(password):
        raise WeakPassword


def set_preferences(site: Site, actor: Actor, *, locale: str, theme: str, timezone: str) -> None:
    """The actor's own language, theme and time zone; they are everybody's to set for themselves."""
    assert actor.user is not None
    values = {"locale": locale or None, "timezone": timezone or None, "theme": theme if theme in THEMES else None}
    save(site, system(locale=actor.locale, timezone=actor.timezone), Draft("user", values, id=actor.user))


def own_tokens(site: Site, actor: Actor) -> list[tokens.Token]:
    """The actor's API tokens that are in force or expired, newest first."""
    assert actor.user is not None
    with site.database.reading() as connection:
        return tokens.listing(connection, site.tables, actor.user)


def make_token(site: Site, actor: Actor, name: str, *, days: int) -> str:
    """A new API token of the actor's, in force for so many days: its text, shown this once."""
    assert actor.user is not None and 0 < days <= TOKEN_DAYS_MAX
    until = site.now() + timedelta(days=days)
    with site.database.writing() as connection:
        text, token = tokens.create(connection, site.tables, actor.user, name, site.now(), expires_at=until)
        security_log.write(
            connection, site.tables, "token_created", site.now(), user=actor.user, details={"prefix": token.prefix}
        )
    return text


def revoke_token(site: Site, actor: Actor, id: int) -> bool:
    """Let one of the actor's tokens be of no use; whether there was one."""
    assert actor.user is not None
    with site.database.writing() as connection:
        done = tokens.revoke(connection, site.tables, actor.user, id, site.now())
        if done:
            security_log.write(connection, site.tables, "token_revoked", site.now(), user=actor.user)
    return done


def user_by_login(connection: sa.Connection, site: Site, login: str) -> dict[str, Any] | None:
    """The live user of this sign-in name."""
    text = login.strip()
    found = records.holding(connection, site.tables, "user", {"login": text}) if 0 < len(text) <= 200 else []
    rows = records.read(connection, site.tables, "user", found[:1])
    return dict(rows[0]) if rows else None


def actor_of_user(connection: sa.Connection, site: Site, id: int) -> Actor | None:
    """The actor of a user with the roles of this moment; None when the account is closed or deleted."""
    caller = callers.by_id(connection, site.tables, id)
    return None if caller is None else actor_of(site, caller)


def actor_of(site: Site, caller: Caller) -> Actor:
    """The actor that an active person is just now."""
    app = site.model.app
    may = site.kept.get(
        ("capabilities", caller.roles), lambda: Rights.of(site.model, (False, True, caller.roles)).capabilities
    )
    locale = caller.locale if caller.locale in app.locales else app.locale
    return Actor(caller.user, caller.name, caller.roles, may, locale, caller.timezone or app.timezone)


def _note(site: Site, event: str, account: str, address: str) -> None:
    with site.database.writing() as connection:
        security_log.write(connection, site.tables, event, site.now(), account=account, address=address)

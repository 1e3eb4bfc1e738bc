"""What a site keeps to use it again has bounds, and what is used stays."""

from __future__ import annotations

from engine.store.kept import Kept


def test_what_was_not_used_for_the_longest_time_goes_first() -> None:
    kept = Kept(limit=3)
    for name in ("rights", "list", "record"):
        kept.keep(name, name.upper())

    assert kept.find("rights") == "RIGHTS"
    kept.keep("search", "SEARCH")

    assert len(kept) == 3
    assert kept.find("list") is None
    assert [kept.find(name) for name in ("rights", "record", "search")] == ["RIGHTS", "RECORD", "SEARCH"]


def test_what_is_kept_is_made_once() -> None:
    kept, made = Kept(limit=2), iter(("a plan",))

    assert [kept.get("plan", lambda: next(made)) for _ in range(3)] == ["a plan"] * 3

"""Sample data for a pack: people with passwords, and records that are made step by step like any other.

A pack's `demo` folder holds YAML in the language of tests: `people` by sign-in name, and `steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.change import Actor, system
from engine.compiler.demo import Scene, read_demo
from engine.problems import ConfigError, Problem
from engine.runtime import people
from engine.runtime.site import Site
from engine.runtime.story import StepFailure, Story


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to sign in as."""

    login: str
    name: str
    password: str
    roles: tuple[str, ...]


def fill(site: Site, folder: Path, password: Callable[[], str], tell: Callable[[int], Any]) -> list[Person]:
    """Fill an empty site from a demo folder; the people made. `tell` is called with the number of steps done.

    Raises ConfigError with the place of a step that cannot be carried out.
    """
    scene = read_demo(folder)
    cast, made = _make_people(site, scene, password)
    story = Story(site, cast=dict(cast))
    for step, mark in scene.steps:
        story.actor = story.person(None)
        try:
            story.play(step)
        except StepFailure as failure:
            raise ConfigError([Problem("demo.step", f"This step fails: {failure}.", mark)]) from failure
        tell(1)
    return made


def _make_people(site: Site, scene: Scene, password: Callable[[], str]) -> tuple[Mapping[str, Actor], list[Person]]:
    cast: dict[str, Actor] = {}
    made = []
    for login, said in scene.people.items():
        person = Person(login, str(said.get("name", login)), password(), tuple(said["roles"]))
        people.add(site, system(), name=person.name, login=login, roles=person.roles, password=person.password)
        actor = people.actor_by_login(site, login)
        assert actor is not None
        cast[f"{login}|"] = actor
        made.append(person)
    return cast, made

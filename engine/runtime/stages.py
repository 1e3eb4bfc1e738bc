"""Stages: which pipeline a record follows, where it may move, and what a stage asks."""

from __future__ import annotations

from collections.abc import Iterator

from engine.change import FieldError
from engine.model import Pipeline, Stage
from engine.runtime.figures import Figures
from engine.runtime.session import Session
from engine.runtime.tree import Node


def pipeline_of(figures: Figures, node: Node) -> Pipeline | None:
    """The pipeline that the record follows now: the first whose condition holds."""
    for choice in node.entity.pipelines:
        if choice.when is None or figures.holds(choice.when, node):
            return figures.session.model.pipelines[choice.pipeline]
    return None


def settle_stage(figures: Figures, node: Node) -> None:
    """Give a record without a stage (or whose pipeline changed under it) the first one."""
    name = node.entity.stage
    if name is None:
        return
    pipeline = pipeline_of(figures, node)
    if pipeline is None:
        return
    stage = node.values.get(name)
    if stage is None or (stage not in pipeline.stages and name not in node.named):
        node.waiting.discard(name)
        node.values[name] = pipeline.first.name


def stage_errors(figures: Figures, node: Node) -> Iterator[FieldError]:
    """What stands against the record's stage, as the firm's pipeline asks."""
    name = node.entity.stage
    if name is None:
        return
    session = figures.session
    pipeline = pipeline_of(figures, node)
    if pipeline is None:
        yield session.error(node.place(name), "no_pipeline")
        return
    stage = pipeline.stages.get(node.values.get(name) or "")
    if stage is None:
        known = ", ".join(one.label.text(session.locale) for one in pipeline.stages.values())
        yield session.error(node.place(name), "stage_unknown", stages=known)
        return
    if node.changed(name):
        yield from _move_errors(session, node, name, pipeline, stage)
    yield from _gate_errors(figures, node, name, stage)


def moves_from(session: Session, pipeline: Pipeline, stage: str | None) -> list[Stage]:
    """The stages that may follow, for this person."""
    here = pipeline.stages.get(stage or "")
    names = pipeline.stages if here is None or here.moves is None else here.moves
    return [pipeline.stages[n] for n in names if n != stage and _role_allows(session, pipeline.stages[n])]


def _move_errors(session: Session, node: Node, name: str, pipeline: Pipeline, stage: Stage) -> Iterator[FieldError]:
    start = pipeline.first.name if node.is_new else node.was(name)
    if stage.name == start:
        return
    here = pipeline.stages.get(start or "")
    words = stage.label.text(session.locale)
    if here is not None and here.moves is not None and stage.name not in here.moves:
        allowed = ", ".join(pipeline.stages[one].label.text(session.locale) for one in here.moves)
        yield session.error(node.place(name), "stage_move", stage=words, allowed=allowed)
    elif not _role_allows(session, stage):
        yield session.error(node.place(name), "stage_role", stage=words)


def _role_allows(session: Session, stage: Stage) -> bool:
    return session.actor.system or stage.roles is None or bool(stage.roles & session.actor.roles)


def _gate_errors(figures: Figures, node: Node, name: str, stage: Stage) -> Iterator[FieldError]:
    session = figures.session
    words = stage.label.text(session.locale)
    for needed in stage.requires:
        field = node.entity.fields[needed]
        empty = not node.lines[needed] if needed in node.lines else figures.value(node, needed) is None
        if empty:
            label = field.label.text(session.locale)
            yield session.error(node.place(needed), "stage_requires", stage=words, field=label)
    for check in stage.checks:
        if figures.holds(check.refuse_when, node):
            yield FieldError(node.place(name), "check", check.message.text(session.locale), check.name)

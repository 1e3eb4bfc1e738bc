"""The compiled config: one immutable value that the rest of the product reads.

Frozen dataclasses only. Nothing here reads YAML or speaks SQL.
"""

from engine.model.access import ALWAYS, NEVER, FieldGrant, Grant, Role, Rule, UpdateRule
from engine.model.entity import (
    Check,
    Copy,
    Default,
    Each,
    Entity,
    Field,
    Form,
    ListView,
    Section,
)  # fmt: skip
from engine.model.model import App, Automation, ConfigTest, Model, Origin, SourceText
from engine.model.pipeline import Pipeline, PipelineChoice, Stage, StageCheck

__all__ = [
    "ALWAYS", "NEVER", "App", "Automation", "Check", "ConfigTest", "Copy", "Default", "Each", "Entity", "Field",
    "FieldGrant", "Form", "Grant", "ListView", "Model", "Origin", "Pipeline", "PipelineChoice", "Role", "Rule",
    "Section", "SourceText", "Stage", "StageCheck", "UpdateRule",
]  # fmt: skip

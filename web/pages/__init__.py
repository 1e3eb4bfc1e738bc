"""Typed page objects: all that a template may use, bound from what the engine gave."""

"""What a firm in China expects: amounts in words (人民币大写)."""

from plugins.china.plugin import functions

__all__ = ["functions"]

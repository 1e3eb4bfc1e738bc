"""Plugins that ship with the product. Each imports engine.api only, and is on only by name in app.plugins."""

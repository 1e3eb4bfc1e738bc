"""The web face: pages, JSON API and assets. Nothing here decides who may do what."""

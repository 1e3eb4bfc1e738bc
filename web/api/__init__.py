"""The JSON API: thin handlers over browse and save."""

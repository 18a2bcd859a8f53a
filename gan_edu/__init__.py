"""The package behind the course. Only the version belongs here; import rooms by name: `from gan_edu import data`."""

__version__ = "0.1.0"

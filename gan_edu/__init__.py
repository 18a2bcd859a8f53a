"""The package behind the course: its version and nothing else. Import the rooms by name, as in `from gan_edu import data`."""

__version__ = "0.1.0"

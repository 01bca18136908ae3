"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("suite", deadline=None)  # how long an example takes says how busy a machine is
settings.load_profile("suite")

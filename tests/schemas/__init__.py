"""Tests of `inspector.schemas`."""

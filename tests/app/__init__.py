"""Tests of the window program."""

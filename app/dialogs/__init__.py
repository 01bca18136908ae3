"""Dialogs: each asks one question and gives the answer as the arguments of a command."""

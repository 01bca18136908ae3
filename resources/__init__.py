"""Data that ships with the program: store descriptors, icons, the user guide. Read with `importlib.resources`."""

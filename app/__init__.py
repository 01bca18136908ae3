"""The Qt window. It reads captures and runs the command line as child processes; it never reads a source itself.

The map: `__main__` starts it · `main_window` builds docks and menus · `session` is what the panes are given ·
`selection` is where panes meet · `child` runs commands · `work` runs slow reads · `models`, `panes`, `style`.
"""

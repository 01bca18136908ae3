"""The panes. Each is given a `Session` and the `Selection`, and knows no other pane."""

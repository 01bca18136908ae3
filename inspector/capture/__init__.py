"""The capture: one SQLite file that holds what was read, what it means, and an honest account of what is absent.

`schema` declares the tables, `sqlite` opens files, `writer` is the only writer of events, `coverage` keeps the account,
`reader` answers questions read-only. Nothing here knows where records come from.
"""

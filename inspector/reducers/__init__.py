"""The door for reducers: one fold step `(state, event) -> state`. No I/O, no capture.

A reducer is one file and one entry point in `eventscope.reducers`. Read `merge` and `latest`, then `replay` for who folds.
"""

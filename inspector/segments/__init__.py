"""Kafka's own files read as bytes: segments, their indexes, checkpoints and folders. No broker, no capture, no Source.

`layout` finds what lies in a folder, `framing` cuts a segment into batches (and finds the next one after damage), `records`
turns a batch into columns, `survey` reads a partition once for its hashes, damage and transactions.
Read `sources.segment_files` for who asks.
"""

"""The Qt-free core of Eventscope: from a source's bytes to a capture, and from a capture to answers.

The map, bottom to top: `event` (values and batches), `errors`, `settings`, `plugins` · `sources` read records ·
`decoders` turn bytes into documents · `reducers` fold events · `identify` finds stream, type and times ·
`capture` is the file · `query` is the filter language · `ingest` is the only path in · `replay` folds streams ·
`demo` is the built-in shop · `cli` is the command line. Nothing here imports Qt; see `app` for the window.
"""

"""A source as a capture for as long as a command looks at it: read by a child into a file that is gone afterwards.

Read `capture` for what the child does.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from inspector.errors import CaptureError, ExitStatus, SourceError, UsageError

_POLL_S = 0.05
_END_S = 20


def is_url(text: str) -> bool:
    """Whether a source is meant and not a file."""
    return "://" in text


@contextmanager
def captured(url: str, options: Sequence[str], *, follow: bool) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """The capture of a source and the child that makes it; without `follow` it is whole when this begins.

    `options` are of `eventscope capture`. Raises SourceError with what the child says when there is no capture to look at.
    """
    with tempfile.TemporaryDirectory(prefix="eventscope-", ignore_cleanup_errors=True) as folder:
        path, said = Path(folder) / "live.evcap", Path(folder) / "said"
        command = [
            sys.executable,
            "-m",
            "inspector.cli",
            "capture",
            url,
            "-o",
            str(path),
            "--progress",
            "none",
            "--stop-with-stdin",
            *options,
        ]
        with said.open("wb") as errors:
            child = subprocess.Popen(
                [*command, *options, *(["--follow"] if follow else [])], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
            )
        try:
            while child.poll() is None and not (follow and _is_begun(path)):
                time.sleep(_POLL_S)
            if child.returncode not in {None, ExitStatus.OK, ExitStatus.FINDINGS}:
                words = said.read_text(encoding="utf-8", errors="replace").strip().removeprefix("eventscope: ")
                kind = UsageError if child.returncode == ExitStatus.USAGE else SourceError
                raise kind(words or "the source could not be read")
            yield path, child
        finally:
            _end(child)


def _is_begun(path: Path) -> bool:
    """Whether there is a capture to look at."""
    from inspector.capture.reader import CaptureReader

    try:
        CaptureReader(path).close()
    except CaptureError:
        return False
    return True


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(_END_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()

"""A small client of the fold process, for tests: asks, waits with a deadline, and ends what it started."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from types import TracebackType
from typing import Any, Self

DEADLINE_S = 30.0


class FoldClient:
    """Starts `eventscope fold`. `send` gives the request's number, `wait` its last message, `ask` both at once."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "inspector.cli", "fold"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.progress: list[dict[str, Any]] = []
        self._answers: dict[object, dict[str, Any]] = {}
        self._arrived = threading.Condition()
        self._ended = False
        self._next = 0
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            with self._arrived:
                if "progress" in message:
                    self.progress.append(message)
                else:
                    self._answers[message["id"]] = message
                self._arrived.notify_all()
        with self._arrived:
            self._ended = True
            self._arrived.notify_all()

    def send(self, do: str, **fields: object) -> int:
        """Sends a request and gives its number."""
        self._next += 1
        self.write(json.dumps({"id": self._next, "do": do, **fields}))
        return self._next

    def write(self, line: str) -> None:
        """Sends one line as it is."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait(self, request: int | None) -> dict[str, Any]:
        """The message that ends `request`: it has `ok` or `error`."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: request in self._answers or self._ended, DEADLINE_S), f"no answer to {request}"
            return self._answers[request]

    def wait_for_progress(self, request: int) -> None:
        """Until `request` is seen to be under way."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: any(told["id"] == request for told in self.progress), DEADLINE_S)

    def ask(self, do: str, **fields: object) -> dict[str, Any]:
        """The message that ends a new request."""
        return self.wait(self.send(do, **fields))

    def close(self) -> int:
        """Ends its input and gives the exit status; kills a process that does not end."""
        assert self.process.stdin is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            return self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.process.wait()
            self._listener.join()
            for stream in (self.process.stdout, self.process.stderr):
                assert stream is not None
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None or not self._ended:
            self.close()

"""What rows look like, by the event's number: pages that came, bounded by bytes, and which are on their way. No Qt, no I/O.

Read `event_table` for who asks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from app.models.event_rows import Page, Row


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Rows that are wanted by the cache in its present life; an answer to an older life is dropped."""

    life: int
    token: int
    seqs: tuple[int, ...]


class PageCache:
    """Rows by number. The page used longest ago goes first."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self.size_bytes = 0
        self.pages: OrderedDict[int, Page] = OrderedDict()
        self.asked: dict[int, PageRequest] = {}
        self._rows: dict[int, Row] = {}
        self._home: dict[int, int] = {}
        self._in_flight: set[int] = set()
        self._life = self._token = 0
        self._recent = -1

    def get(self, seq: int) -> Row | None:
        """What is known of an event."""
        known = self._rows.get(seq)
        if known is not None and (page := self._home[seq]) != self._recent:
            self._recent = page
            self.pages.move_to_end(page)
        return known

    def is_asked(self, seq: int) -> bool:
        """Whether an event is on its way."""
        return seq in self._in_flight

    def request(self, seqs: Iterable[int]) -> PageRequest | None:
        """A request for those of `seqs` that are neither known nor on their way; None when there are none."""
        wanted = tuple(seq for seq in seqs if seq not in self._rows and seq not in self._in_flight)
        if not wanted:
            return None
        self._token += 1
        request = self.asked[self._token] = PageRequest(self._life, self._token, wanted)
        self._in_flight.update(wanted)
        return request

    def answered(self, request: PageRequest) -> bool:
        """Whether the answer to a request is still wanted."""
        if request.life != self._life or self.asked.pop(request.token, None) is None:
            return False
        self._in_flight.difference_update(request.seqs)
        return True

    def put(self, request: PageRequest, page: Page) -> None:
        """Keeps a page that was answered, and drops others until all keep within the bytes."""
        self.pages[request.token] = page
        self._rows.update(page.rows)
        self._home.update(dict.fromkeys(page.rows, request.token))
        self.size_bytes += page.size_bytes
        while self.size_bytes > self._most_bytes and len(self.pages) > 1:
            self._drop(next(iter(self.pages)))

    def clear(self) -> None:
        """Forgets everything; what is on its way will be dropped when it comes."""
        self._life += 1
        self.size_bytes = 0
        self._recent = -1
        for kept in (self.pages, self.asked, self._rows, self._home, self._in_flight):
            kept.clear()

    def _drop(self, token: int) -> None:
        page = self.pages.pop(token)
        self.size_bytes -= page.size_bytes
        for seq in page.rows:
            if self._home.get(seq) == token:
                del self._home[seq], self._rows[seq]

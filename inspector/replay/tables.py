"""What a window asks of tables of states: a category at a moment, the rows it shows, all rows in an order, a slice of work at a time.

Keeps a few tables with their surveys, so that each question costs the rows that are looked at. Answers are bounded. Read `table`
for the work, `rows` for what a row is, `process` for who asks and in which words.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from inspector.capture.reader import CaptureReader
from inspector.errors import UsageError
from inspector.query.places import StatePlace, state_place
from inspector.replay import Progress, fields
from inspector.replay.fields import Request
from inspector.replay.rows import shown
from inspector.replay.table import Row, StateTable, Survey
from inspector.user_code.codes import Codes
from inspector.values import parse, to_json

_TABLES = 4
MOST_PLACES = 20
MOST_ROWS = 200
_SLICE_MS, _LONGEST_SLICE_MS = 100, 1_000
MOST_KEPT_BYTES = 64 * 1024 * 1024
"""So much of the rows that a survey found is kept as text; others are folded again when they are looked at."""

Answers = Callable[[CaptureReader, Request, Progress], object]


@dataclass
class _Asked:
    """One survey with what its rows show."""

    table: StateTable
    survey: Survey
    places: Sequence[StatePlace]
    labels: Mapping[int, str]
    kept: dict[int, bytes] = field(default_factory=dict)
    kept_bytes: int = 0

    def note(self, row: Row) -> None:
        """Keeps a row, if there is room."""
        text = to_json(shown(row.found, self.labels, self.places)).encode()
        if self.kept_bytes + len(text) <= MOST_KEPT_BYTES:
            self.kept[row.found.stream.id] = text
            self.kept_bytes += len(text)


class Tables:
    """Answers requests about tables. Each call is given the reader, which may be another one of the same capture."""

    def __init__(self, codes: Codes | None = None) -> None:
        self._codes = codes or Codes()
        self._tables: OrderedDict[object, StateTable] = OrderedDict()
        self._asked: OrderedDict[object, _Asked] = OrderedDict()
        self.does: Mapping[str, Answers] = {
            "open": self.open,
            "page": self.page,
            "all": self.all,
            "more": self.more,
        }
        """Request → what answers it."""

    def forget(self) -> None:
        """Another capture, or one that was written anew: nothing kept is true any more."""
        self._tables.clear()
        self._asked.clear()

    def open(self, reader: CaptureReader, request: Request, progress: Progress) -> dict[str, object]:
        """A table: how many streams there are, how many may have begun, and which columns there could be."""
        table = StateTable(
            reader,
            fields.text(request, "category"),
            fields.moment(request),
            source=fields.maybe_text(request, "source"),
            reducer=fields.maybe_text(request, "reducer"),
            terms=fields.terms(request),
            codes=self._codes,
        )
        columns = table.columns(progress)
        self._tables[request.get("id")] = table
        while len(self._tables) > _TABLES:
            self._tables.popitem(last=False)
        return {
            "asked": table.moment.text,
            "streams": table.streams,
            "total": len(table.ids),
            "columns": [column._asdict() for column in columns],
        }

    def page(self, reader: CaptureReader, request: Request, progress: Progress) -> dict[str, object]:
        """Some rows of a table, or of what a survey found, from a place on; also those that have not begun."""
        offset, limit = fields.count(request, "offset", 0), min(fields.count(request, "limit", 50), MOST_ROWS)
        asked = self._asked.get(request.get("of"))
        places: Sequence[StatePlace]
        ids: Sequence[int]
        if asked is None:
            table = self._table(reader, request)
            places, ids = _places(request), table.ids
        else:
            table, places, ids = asked.table, asked.places, asked.survey.ids()
            table.read_with(reader)
        wanted = ids[offset : offset + limit]
        kept = asked.kept if asked is not None else {}
        missing = [stream_id for stream_id in wanted if stream_id not in kept]
        labels = table.labels()
        made = {found.stream.id: shown(found, labels, places) for found in table.states(missing, progress)}
        rows = [parse(kept[one].decode()) if one in kept else made[one] for one in wanted if one in kept or one in made]
        return {"total": len(ids), "offset": offset, "rows": rows}

    def all(self, reader: CaptureReader, request: Request, progress: Progress) -> dict[str, object]:
        """Begins a survey of a table and does the first slice of it."""
        table = self._table(reader, request)
        survey = Survey(
            table,
            filter_=fields.maybe_text(request, "filter") or "",
            sort=fields.maybe_text(request, "sort") or "",
            reverse=request.get("reverse") is True,
            deleted=request.get("deleted") is True,
        )
        asked = self._asked[request.get("id")] = _Asked(table, survey, _places(request), table.labels())
        while len(self._asked) > _TABLES:
            self._asked.popitem(last=False)
        return _worked(asked, request, progress)

    def more(self, reader: CaptureReader, request: Request, progress: Progress) -> dict[str, object]:
        """The next slice of a survey."""
        asked = self._asked.get(request.get("of"))
        if asked is None:
            raise UsageError("those rows are no longer kept: ask for all again")
        asked.table.read_with(reader)
        return _worked(asked, request, progress)

    def _table(self, reader: CaptureReader, request: Request) -> StateTable:
        table = self._tables.get(request.get("of"))
        if table is None:
            raise UsageError("that table is no longer kept: open it again")
        table.read_with(reader)
        return table


def _worked(asked: _Asked, request: Request, progress: Progress) -> dict[str, object]:
    slice_ms = min(fields.count(request, "ms", _SLICE_MS), _LONGEST_SLICE_MS)
    finished = asked.survey.work(slice_ms / 1000, progress, noted=asked.note)
    return {"finished": finished, "total": len(asked.table.ids), **asdict(asked.survey.counts)}


def _places(request: Request) -> list[StatePlace]:
    """The places that rows show."""
    found = request.get("show") or []
    if not isinstance(found, list) or len(found) > MOST_PLACES:
        raise UsageError(f"'show' must be a list of at most {MOST_PLACES} places")
    return [state_place(str(text)) for text in found]

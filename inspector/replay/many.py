"""The states of many streams at a moment: what one replay of each gives, at the speed of one long fold.

Most streams are gathered by one statement; one that is out of the ordinary (long, out of order, aborted or unreadable events) is
read and folded as its replay does. Memory holds one stream's documents or one batch of a long one, and one state. Read `gathering`
for the quick way, `folding` for the other, `verdicts` for how sure each state is, `table` for a category's table.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple, cast

from inspector.capture.beside import ahead
from inspector.capture.categories import stream_infos
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamInfo, has_versions
from inspector.errors import UsageError
from inspector.reducers import ABSENT, DELETED, NO_DOCUMENT, FoldBatch, FoldError, FoldEvent, Looks, Reducer, looks_at
from inspector.replay import NOW, Moment, Question, evidence
from inspector.replay.folding import Failure, Folded, Limits
from inspector.replay.gathering import Gathered, Gatherer, Page
from inspector.replay.straight import fold_stream
from inspector.replay.tally import Tally
from inspector.replay.verdicts import Verdicts
from inspector.user_code import USUAL, Terms
from inspector.user_code.codes import Codes

QUICK_EVENTS = 2000
"""A stream of more events is read in batches."""
_PAGE_STREAMS = 500


class StreamState(NamedTuple):
    """One stream's state at the moment asked and how it came about; see `Answer`, which has the same for one stream."""

    stream: StreamInfo
    state: object
    applied: int
    last: FoldEvent | None
    version: int | None
    history: str
    is_complete: bool
    reducer: str
    skipped_aborted: int = 0
    failure: Failure | None = None
    is_deleted: bool = False
    """No state though there were documents or deletions: there is none any more."""

    @property
    def has_begun(self) -> bool:
        """Whether there was any event of it by then."""
        return self.applied > 0 or self.failure is not None


class States:
    """Folds streams up to `moment`: a time, a version or the end. Raises UsageError for any other, and for an unknown reducer."""

    def __init__(
        self,
        reader: CaptureReader,
        moment: Moment = NOW,
        reducer: str | None = None,
        terms: Terms = USUAL,
        codes: Codes | None = None,
    ) -> None:
        if moment.count is not None or moment.seq is not None or moment.event is not None:
            raise UsageError(f"many streams cannot be asked for {moment.text}: ask for a time, a version or the end")
        self._reader, self._moment = reader, moment
        self._verdicts = Verdicts(reader, Question("", moment=moment, reducer=reducer, terms=terms), codes or Codes())
        self._gatherer = Gatherer(reader, moment)

    def of(self, ids: Sequence[int], progress: Callable[[int], None] | None = None) -> Iterator[StreamState]:
        """The state of each of these streams, in their order; those that are gone from the capture are left out.

        `progress` is called with the number of streams done, within a long one again and again; it may raise to end the work.
        """
        done = 0

        def going(_applied: int) -> None:
            if progress is not None:
                progress(done)

        waiting = deque[Sequence[StreamInfo]]()
        for page in ahead(self._reader, self._questions(ids, waiting)):
            streams = waiting.popleft()
            texts = page.texts if len(page.texts) == len(streams) else [""] * len(streams)
            if page.characters:
                self._gatherer.took(page, streams)
            for stream, text in zip(streams, texts, strict=True):
                found = self._quick(stream, text, is_ordinary=page.is_ordinary) if text else None
                yield found or self._alone(stream, going)
                done += 1
                going(0)

    def _questions(self, ids: Sequence[int], waiting: deque[Sequence[StreamInfo]]) -> Iterator[Callable[[CaptureReader], Page]]:
        """What is asked of each page of streams, which `waiting` then has; nothing of a stream that is read by itself."""
        for start in range(0, len(ids), _PAGE_STREAMS):
            infos = stream_infos(self._reader, ids[start : start + _PAGE_STREAMS])
            for is_short, streams in groupby(infos, lambda stream: stream.events <= QUICK_EVENTS):
                for page in self._gatherer.pages(streams):
                    waiting.append(page)
                    yield self._gatherer.question(page) if is_short else _nothing

    # ---- the ordinary stream

    def _quick(self, stream: StreamInfo, text: str, *, is_ordinary: bool) -> StreamState | None:
        """A stream whose events arrived in replay order, those up to the moment first; None for any other."""
        try:
            gathered = self._gatherer.of(text, is_ordinary=is_ordinary)
        except ValueError:
            return None  # read event by event it is said what is wrong
        if gathered is None or gathered.odd:
            return None
        kinds = set(map(type, gathered.places))
        versioned, is_one_log = kinds == {int}, gathered.logs == 1
        if not versioned and (not is_one_log or kinds != {str}):
            return None
        places = cast("list[int]", gathered.places) if versioned else _positions(gathered.places)
        within = gathered.within
        if within == 0:
            return _not_begun(stream)
        if within is None or within != len(gathered.documents) or not _rises(places) or not (versioned or self._has_all(places)):
            return None
        own = {gathered.last[1]: gathered.unfit} if is_one_log else evidence.own_logs(self._reader, stream)
        return self._folded(stream, gathered, own, places[:within] if versioned else [None], is_all=within == len(places))

    def _has_all(self, places: Sequence[int]) -> bool:
        """Whether a stream without versions is wholly up to the moment, where that is an n-th event."""
        return self._moment.version is None or len(places) <= self._moment.version

    def _folded(
        self, stream: StreamInfo, gathered: Gathered, own: Mapping[int, int], versions: Sequence[int | None], *, is_all: bool
    ) -> StreamState | None:
        documents, first, says_something = gathered.documents, gathered.documents[0], True
        if gathered.is_marked:
            says_something = documents.count(NO_DOCUMENT) < len(documents)
            said = (document for document in documents if document is not NO_DOCUMENT and document is not DELETED)
            first = next(said, NO_DOCUMENT)
        if first is NO_DOCUMENT and not is_all and not self._verdicts.is_chosen:
            return None  # its first document comes later
        reducer = self._verdicts.reducer(stream, own, lambda: first)
        try:
            state = reducer.fold(reducer.initial(), FoldBatch(self._gatherer.events(stream.id, gathered, len(documents)), documents))
        except FoldError:
            return None
        folded = Folded(state, len(documents), self._gatherer.last_event(gathered, versions[-1]), tally=_tally(versions, len(documents)))
        return self._made(stream, own, reducer, folded, has_versions=versions[0] is not None, says_something=says_something)

    # ---- any other

    def _alone(self, stream: StreamInfo, going: Callable[[int], None]) -> StreamState:
        reader = self._reader
        own, versioned = evidence.own_logs(reader, stream), has_versions(reader, stream.id)
        reducer = self._verdicts.reducer(stream, own, lambda: evidence.first_document(reader, stream))
        noting, limits = _Noting(reducer), Limits(self._moment, by_version=versioned)
        folded = fold_stream(reader, stream, noting, limits, going)
        return self._made(stream, own, reducer, folded, has_versions=versioned, says_something=noting.says_something)

    def _made(
        self, stream: StreamInfo, own: Mapping[int, int], reducer: Reducer, folded: Folded, *, has_versions: bool, says_something: bool
    ) -> StreamState:
        sure = self._verdicts.of(stream, own, reducer, folded, has_versions=has_versions)
        return StreamState(
            stream,
            folded.state,
            folded.applied,
            folded.last,
            (folded.last.version if folded.last is not None else None) if has_versions else folded.applied,
            sure.history,
            sure.is_complete,
            reducer.name,
            folded.skipped_aborted,
            folded.failure,
            folded.state is ABSENT and says_something,
        )


def _nothing(_reader: CaptureReader) -> Page:
    return Page(())


def _positions(places: Sequence[int | str]) -> list[int]:
    """Those after their p."""
    return [int(str(place)[1:]) for place in places]


def _not_begun(stream: StreamInfo) -> StreamState:
    return StreamState(stream, ABSENT, 0, None, None, "", is_complete=False, reducer="")


def _tally(versions: Sequence[int | None], events: int) -> Tally:
    """What is counted of versions that rise, or of events without any."""
    tally = Tally()
    tally.add_versions(versions)
    tally.events = events
    return tally


def _rises(found: Sequence[int]) -> bool:
    """Whether each number is above the one before."""
    if not found or found == list(range(found[0], found[0] + len(found))):
        return True
    return all(before < after for before, after in pairwise(found))


class _Noting:
    """A reducer that notes whether any event said something."""

    def __init__(self, reducer: Reducer) -> None:
        self._reducer, self.name = reducer, reducer.name
        self.looks_at = Looks.DOCUMENTS if looks_at(reducer) is Looks.DOCUMENTS else Looks.BOTH
        self.says_something = False

    def initial(self) -> object:
        """As the reducer has it."""
        self.says_something = False
        return self._reducer.initial()

    def fold(self, state: object, batch: FoldBatch) -> object:
        """As the reducer does."""
        self.says_something = self.says_something or batch.documents.count(NO_DOCUMENT) < len(batch)
        return self._reducer.fold(state, batch)

    def step(self, state: object, event: FoldEvent, document: object) -> object:
        """As the reducer does."""
        return self._reducer.step(state, event, document)

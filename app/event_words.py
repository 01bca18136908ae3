"""What the list of events says about itself: how many, of how many, how far a search is, why there is nothing. Pure text; no widget.

Read `panes.events` for where it stands.
"""

from __future__ import annotations

from app.lister import Lister


def counts(lister: Lister, rows: int, *, all_selected: bool = False, is_paused: bool = False, captured: int = 0) -> str:
    """The note of the panel; what is not final says "at least"."""
    wish, at_least = lister.wish, "" if lister.is_done else "at least "
    if all_selected:
        parts = [f"all {rows:,} selected"]
    elif lister.is_looked_up:
        parts = [f"{at_least}{rows:,} events, looked up"]
    elif wish.filter:
        parts = [f"{rows:,} of {at_least}{lister.looked:,}"]
    elif wish.time_range is not None:
        parts = [f"{at_least}{rows:,} in the time range"]
    else:
        parts = [f"{at_least}{rows:,} events"]
    if not lister.is_done:
        parts.append(f"{'searched' if wish.is_narrowed else 'listed'} {int(lister.share * 100)} %")
    if lister.is_stopped:
        parts.append("stopped")
    if wish.is_arithmetic and not is_paused and captured > rows:
        parts.append(f"the newest of {captured:,}: a list cannot be longer")
    if is_paused:
        parts.append("paused")
    return " · ".join(parts) if captured else ""


def nothing(lister: Lister) -> tuple[str, str]:
    """A sentence and a hint for a list that was narrowed to nothing, so far: what was searched, and what could not be."""
    said = "No event of this capture matches." if lister.is_done else "No event matches yet."
    if lister.is_looked_up:
        return said, "It was looked up in an index of the whole capture."
    looked = f"{lister.looked:,} events were searched"
    unasked = f"; {lister.not_applicable:,} of them lack what the filter asks for" if lister.not_applicable else ""
    return said, f"{looked}{unasked}."

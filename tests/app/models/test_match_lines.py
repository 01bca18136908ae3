"""A whole list in lines: nothing is lost, whatever the order, and each line says what is in it."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.models.match_lines import Lines, lines_of_matches, lines_of_rows, samples, summary, words
from app.models.rows import Listing, Span
from inspector.capture.looking import Numbers
from inspector.capture.strip import LATE, UNDECODABLE, Axis, Kinds


def numbers(seqs: list[int]) -> Numbers:
    return np.array(seqs, dtype=np.int64)


def listing(seqs: list[int]) -> Listing:
    made = Listing()
    for start in range(0, len(seqs), 7):
        made.insert(len(made), numbers(seqs[start : start + 7]))
    return made


def kinds(length: int, undecodable: set[int], late: set[int]) -> Kinds:
    """Of the numbers 1 to `length`, and one more."""
    found = np.zeros(length + 1, np.uint8)
    for seq in range(1, length + 1):
        found[seq - 1] = UNDECODABLE * (seq in undecodable) | LATE * (seq in late)
    return found


def axis(total: int, *, newest_first: bool = False) -> Axis:
    return Axis(numbers([1]), numbers([total]), numbers([0]), "arrival", newest_first)


@given(st.integers(1, 90), st.integers(1, 40), st.integers(0, 5), st.sampled_from(["span", "newest", "mixed"]), st.data())
def test_every_row_is_in_its_line(total: int, count: int, seed: int, how: str, data: st.DataObject) -> None:
    some = st.sets(st.integers(1, total), max_size=6)
    bad, late, noted = data.draw(some), data.draw(some), data.draw(some)
    mixed = random.Random(seed).sample(range(1, total + 1), total)
    listed = listing(mixed) if how == "mixed" else Span(how == "newest", 1, total)
    lines = lines_of_rows(listed, count, kinds(total, bad, late), 1, list(noted), {})
    rows = [[listed.row_of(seq) for seq in group] for group in (bad, late, noted)]
    assert lines.count == min(count, total)
    assert (lines.starts[0], lines.starts[-1]) == (0, total)
    for group, found in zip(rows, (lines.undecodable, lines.late, lines.noted), strict=True):
        expected = [sum(lines.starts[n] <= row < lines.starts[n + 1] for row in group) for n in range(lines.count)]
        assert found.tolist() == expected
    for line in range(lines.count):
        inside = [[row for row in group if lines.starts[line] <= row < lines.starts[line + 1]] for group in (rows[0], rows[2], rows[1])]
        assert lines.targets[line] == next((min(group) for group in inside if group), -1)


@given(st.integers(1, 200), st.integers(1, 40), st.booleans(), st.data())
def test_every_match_is_in_the_line_of_its_place_among_all(total: int, count: int, newest_first: bool, data: st.DataObject) -> None:
    found = sorted(data.draw(st.sets(st.integers(1, total), max_size=50)), reverse=newest_first)
    lines = lines_of_matches(listing(found), count, axis(total, newest_first=newest_first), found[:1], 0.5)
    assert lines.matches is not None
    assert lines.matches.sum() == lines.rows == len(found)
    assert lines.noted.sum() == len(found[:1])
    for row, seq in enumerate(found):
        place = total - seq if newest_first else seq - 1
        line = place * lines.count // total
        assert lines.starts[line] <= row < lines.starts[line + 1]
        assert lines.targets[line] <= row
    assert lines.searched == 0.5


def test_what_was_not_looked_at_yet_and_what_is_gone_counts_as_nothing() -> None:
    lines = lines_of_rows(Span(first_seq=5, last_seq=24), 10, kinds(10, {6, 9}, set()), 1, [3], {})
    assert lines.undecodable.tolist() == [1, 0, 1] + [0] * 7
    assert lines_of_rows(Span(), 10, kinds(0, set(), set()), 1, [], {}).count == 0
    assert lines_of_rows(Listing(), 10, kinds(0, set(), set()), 1, [], {}).count == 0
    assert words(Lines(), 0) == words(Lines(), -1) == ""
    assert summary(Lines()) == "nothing is listed"


def test_samples_are_spread_and_stay_while_a_list_grows() -> None:
    short = samples(Span(first_seq=3, last_seq=9), 10)
    assert short[1].tolist() == [3, 4, 5, 6, 7, 8, 9]
    rows, seqs = samples(Span(newest_first=True, first_seq=1, last_seq=100), 30)
    assert seqs.tolist() == list(range(100, 0, -4))
    assert rows.tolist() == list(range(0, 100, 4))
    grown = samples(Span(first_seq=1, last_seq=110), 30)[1]
    assert set(seqs.tolist()) <= set(grown.tolist())
    mixed = listing(list(range(200, 100, -1)))
    rows, seqs = samples(mixed, 30)
    assert rows.tolist() == list(range(0, 100, 4))
    assert [mixed.at(row) for row in rows.tolist()] == seqs.tolist()


def test_colours_are_counted_by_line_and_said_as_shares() -> None:
    colors = {seq: 3 if seq <= 5 else 0 for seq in range(1, 21)}
    lines = lines_of_rows(Span(first_seq=1, last_seq=20), 2, kinds(20, {2}, {2, 3}), 1, [4], colors)
    assert lines.colors[:, 3].tolist() == [5, 0]
    assert lines.colors.sum() == 20
    assert words(lines, 0) == "rows 1 to 10 of 20\n50 % colour 3: \n1 undecodable\n2 late\n1 with a note or mark"
    assert words(lines, 1) == "rows 11 to 20 of 20"
    assert summary(lines) == "1 undecodable, 2 late, 1 with a note or mark"


def test_lines_of_a_filter_say_how_many_match_and_what_was_not_searched() -> None:
    lines = lines_of_matches(listing([1, 2, 3, 60]), 10, axis(100), [], 0.7)
    assert words(lines, 0) == "0 % through all events\n3 of about 10 events match"
    assert words(lines, 9) == "90 % through all events\nnot searched yet"
    assert summary(lines) == "4 of 100 events match, 70 % searched"

"""The fold process answers about tables of states: opened at once, pages on demand, all rows a slice at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inspector.event import Flag
from tests.replay.captures import Log, Written, write
from tests.replay.fold_client import FoldClient
from tests.user_code.reducing import consented

COUNT = 300


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    first = [
        Written(n, f'{{"total":{n % 50},"customer":{{"name":"c-{n % 7}"}},"lines":[1]}}', f"o-{n}", 1, time_us=n) for n in range(COUNT)
    ]
    second = [Written(COUNT + n, '{"paid":true}', f"o-{n}", 2, time_us=COUNT + n) for n in range(0, COUNT, 2)]
    end = COUNT + COUNT
    odd = [
        Written(end, None, "o-1", 3, time_us=end),
        Written(end + 1, "?", "o-3", 4, time_us=end + 1, flags=int(Flag.undecodable)),
        Written(end + 2, '{"n":1}', "other-1", 1, time_us=0, category="other"),
    ]
    return write(tmp_path / "c.evcap", [Log([*first, *second, *odd])])


@pytest.fixture
def client(capture: Path) -> Iterator[FoldClient]:
    with FoldClient() as found:
        assert "ok" in found.ask("open", capture=str(capture))
        yield found


def opened(client: FoldClient, **moment: object) -> tuple[int, dict[str, Any]]:
    request = client.send("states_open", category="orders", **moment)
    return request, client.wait(request)["ok"]


def test_a_table_opens_with_its_size_and_columns(client: FoldClient) -> None:
    _, table = opened(client)
    assert (table["streams"], table["total"], table["asked"]) == (COUNT, COUNT, "all events")
    assert [(column["path"], column["kind"]) for column in table["columns"]] == [
        ("state.total", "number"),
        ("state.paid", "boolean"),
        ("state.customer.name", "string"),
    ]
    assert table["columns"][0]["states"] > table["columns"][1]["states"]


def test_names_that_cannot_be_asked_for_are_no_columns(tmp_path: Path) -> None:
    events = [Written(0, '{"\\ud800":1,"%s":2,"a b":3,"":4,"\\u202e":5}' % ("x" * 5_000), "o-1")]
    with FoldClient() as client:
        client.ask("open", capture=str(write(tmp_path / "c.evcap", [Log(events)])))
        request, table = opened(client)
        paths = [column["path"] for column in table["columns"]]
        assert paths == ['state["a b"]', 'state[""]', 'state["\u202e"]']
        (row,) = client.ask("states_page", of=request, show=paths)["ok"]["rows"]
    assert [cell["text"] for cell in row["cells"]] == ["3", "4", "5"]


def test_a_page_has_the_rows_asked_for_at_the_moment(client: FoldClient) -> None:
    request, table = opened(client, at="1970-01-01T00:00:00.000100Z")
    assert (table["streams"], table["total"]) == (COUNT, 101)
    page = client.ask("states_page", of=request, offset=99, limit=50, show=["state.total", "state.customer.name", "state.none"])["ok"]
    assert [row["stream"] for row in page["rows"]] == ["o-99", "o-100"]
    assert page["rows"][0]["cells"] == [
        {"kind": "number", "text": "49"},
        {"kind": "string", "text": "c-1"},
        {"kind": "absent", "text": ""},
    ]
    assert (page["rows"][0]["version"], page["rows"][0]["history"], page["rows"][0]["is"]) == (1, "whole", "there")


def test_deleted_and_failing_rows_say_so(client: FoldClient) -> None:
    request, _ = opened(client)
    rows = client.ask("states_page", of=request, limit=4)["ok"]["rows"]
    assert [row["is"] for row in rows] == ["there", "deleted", "there", "there"]
    assert rows[3]["failed_at"]["seq"] == COUNT + COUNT // 2 + 2
    assert rows[3]["version"] == 1


def test_all_rows_come_in_slices_in_their_order(client: FoldClient) -> None:
    of, _ = opened(client)
    request = client.send("states_all", of=of, filter="state.total >= 48 && !has(state.paid)", sort="state.total", reverse=True, ms=0)
    said = client.wait(request)["ok"]
    assert not said["finished"]
    assert 0 < said["done"] < COUNT
    while not said["finished"]:
        said = client.ask("states_more", of=request, ms=5)["ok"]
    assert (said["done"], said["matching"], said["deleted"], said["not_applicable"]) == (COUNT, 6, 1, 0)
    page = client.ask("states_page", of=request, limit=500)["ok"]
    assert [row["stream"] for row in page["rows"]] == ["o-49", "o-99", "o-149", "o-199", "o-249", "o-299"]
    assert page["total"] == 6


def test_mistakes_are_usage_and_end_nothing(client: FoldClient) -> None:
    of, _ = opened(client)
    for do, fields in (
        ("states_open", {"category": "none"}),
        ("states_open", {}),
        ("states_page", {"of": 99}),
        ("states_page", {"of": of, "show": ["total"]}),
        ("states_all", {"of": of, "filter": "data.total > 1"}),
        ("states_all", {"of": of, "sort": "total"}),
        ("states_more", {"of": of}),
    ):
        assert client.ask(do, **fields)["error"]["kind"] == "usage", do
    assert client.ask("states_page", of=of, limit=1)["ok"]["total"] == COUNT


def test_a_slow_survey_is_cancelled_and_the_table_stays(client: FoldClient, tmp_path: Path) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ndef reduce(state, event):\n time.sleep(0.01)\n return event.data\n")
    request, _ = opened(client, **consented(slow))
    survey = client.send("states_all", of=request, ms=1000)
    client.wait_for_progress(survey)
    assert client.ask("cancel", request=survey)["ok"] == {"cancelled": survey}
    assert client.wait(survey)["error"]["kind"] == "cancelled"
    assert client.ask("states_page", of=request, limit=1)["ok"]["rows"][0]["stream"] == "o-0"


def test_another_capture_forgets_the_tables(client: FoldClient, tmp_path: Path) -> None:
    request, _ = opened(client)
    other = write(tmp_path / "other.evcap", [Log([Written(0, "{}", "x")])])
    assert "ok" in client.ask("open", capture=str(other))
    assert "open it again" in client.ask("states_page", of=request)["error"]["text"]

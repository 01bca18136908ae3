"""XML: documents as people expect them, and nothing of what makes XML dangerous."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import decoders
from inspector.decoders import Context
from inspector.decoders.xml_text import MAX_ELEMENTS_DEEP, XmlText, parsed
from inspector.event import Flag

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    + b"".join(b'<!ENTITY lol%d "%s">' % (n, (b"&lol%d;" % (n - 1) if n > 1 else b"&lol;") * 10) for n in range(1, 10))
    + b"]><lolz>&lol9;</lolz>"
)
QUADRATIC = b'<!DOCTYPE a [<!ENTITY a "' + b"a" * 50_000 + b'">]><a>' + b"&a;" * 50_000 + b"</a>"
EXTERNAL = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>'


@pytest.mark.parametrize(
    ("value", "document"),
    [
        ('<a x="1"><b>1</b><b>2</b> t <c/></a>', {"a": {"@x": "1", "b": ["1", "2"], "c": None, "#text": "t"}}),
        ("<a>1</a>", {"a": "1"}),
        ("<a/>", {"a": None}),
        ("<a><b/><b/><b/></a>", {"a": {"b": [None, None, None]}}),
        ('<s:a xmlns:s="urn:x"><s:b>1</s:b></s:a>', {"s:a": {"@xmlns:s": "urn:x", "s:b": "1"}}),
        ("<a><![CDATA[<b>&]]> &amp; &#65;</a>", {"a": "<b>& & A"}),
        ("<a><!-- c --><?p i?>x</a>", {"a": "x"}),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a>\u00fc</a>", {"a": "Ã¼"}),
    ],
)
def test_documents(value: str, document: object) -> None:
    decoded = XmlText().decode([value.encode()], [None], Context())
    assert decoded.document == [document]
    assert json.loads(str(decoded.data[0])) == document


TEXTS = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Cn", "Zs", "Zl", "Zp"]), min_size=1, max_size=8)


@given(
    members=st.dictionaries(st.from_regex(r"[A-Za-z][a-z0-9]{0,4}", fullmatch=True), st.lists(TEXTS, min_size=1, max_size=3), max_size=4)
)
def test_what_is_written_is_read_back(members: dict[str, list[str]]) -> None:
    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    value = "<r>" + "".join(f"<{name}>{escaped(text)}</{name}>" for name, texts in members.items() for text in texts) + "</r>"
    content = {name: texts if len(texts) > 1 else texts[0] for name, texts in members.items()}
    assert parsed(value.encode()) == {"r": content or None}


@pytest.mark.parametrize("value", [LAUGHS, QUADRATIC, EXTERNAL, OUTSIDE])
def test_a_document_type_is_never_read(value: bytes) -> None:
    tracemalloc.start()
    before = time.process_time()
    with pytest.raises(ValueError, match="a document type"):
        parsed(value)
    _size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.process_time() - before < 0.5
    assert peak < 8_000_000


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"<a>", "no element found at byte 3"),
        (b"<a></b>", "mismatched tag at byte 5"),
        (b"<a x='1' x='2'/>", "duplicate attribute at byte 9"),
        (b"<a>&x;</a>", "undefined entity at byte 3"),
        (b"<a/><b/>", "junk after document element at byte 4"),
        (b"<a>\xff</a>", "not well-formed (invalid token) at byte 3"),
        (b"<?xml version='1.0' encoding='none-such'?><a/>", "an encoding that is not known"),
        (b"<a>" * 200, f"elements nest more than {MAX_ELEMENTS_DEEP} deep at byte {3 * MAX_ELEMENTS_DEEP}"),
    ],
)
def test_what_is_none_is_refused_with_the_byte(value: bytes, reason: str) -> None:
    assert XmlText().decode([value], [None], Context()).error == [f"not XML: {reason}"]


def test_what_begins_like_xml_and_is_not_is_text_with_a_note() -> None:
    decoded = decoders.decode([b"<a>1<br></a>", b"<13>Oct 22 su: failed", b"<not xml", b"a < b"], [None] * 4, Context())
    assert decoded.decoder == ["text"] * 4
    assert decoded.error == ["xml: not XML: mismatched tag at byte 10", None, None, None]
    assert decoded.flags == [Flag.undecodable, 0, 0, 0]

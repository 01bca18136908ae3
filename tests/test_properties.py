"""Client properties as text: what is written is read back exactly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inspector.properties import parse_properties, properties_text

values = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.dictionaries(values.filter(bool), values, max_size=5))
def test_written_properties_are_read_back(properties: dict[str, str]) -> None:
    assert parse_properties(properties_text(properties)) == properties


def test_no_property_ends_what_standard_input_holds() -> None:
    assert "." not in properties_text({".": "", "a": "\n.\n"}).splitlines()

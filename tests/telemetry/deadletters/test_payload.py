from hypothesis import given
from hypothesis import strategies as st

from telemetry.deadletters.payload import as_text, for_people


def test_json_is_indented_and_otherwise_as_it_came() -> None:
    assert for_people(b'{"a":1.10,"a":12345678901234567890123}') == (
        '{\n  "a": 1.10,\n  "a": 12345678901234567890123\n}'
    )


def test_text_that_is_not_json_is_shown_as_it_is() -> None:
    assert for_people("{grün".encode()) == "{grün"


def test_bytes_that_are_no_text_are_dumped_as_hex() -> None:
    assert for_people(b"\xff<b>0123456789abc\x00") == (
        "00000000  ff 3c 62 3e 30 31 32 33 34 35 36 37 38 39 61 62  .<b>0123456789ab\n"
        "00000010  63 00                                            c."
    )


def test_line_ends_are_those_that_a_browser_gives_back() -> None:
    assert as_text(b"a\r\nb\rc\nd") == "a\nb\nc\nd"


def test_text_with_a_nul_is_no_text_for_a_browser() -> None:
    assert as_text(b"a\0b") is None


@given(st.binary() | st.just(b"[" * 100_000))
def test_any_payload_can_be_shown(payload: bytes) -> None:
    assert isinstance(for_people(payload), str)

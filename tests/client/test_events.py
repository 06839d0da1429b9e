import json

import pytest

from pytest_llmops.client.events import BodyReader, EventReader

DOCUMENTS = [b'{"choices": [1]}', b'{"choices": [2]}']
STREAM = b"data: " + DOCUMENTS[0] + b"\n\ndata: " + DOCUMENTS[1] + b"\n\ndata: [DONE]\n\n"


def read(body, size):
    reader = BodyReader()
    found = []
    for start in range(0, len(body), size):
        found += reader.feed(body[start : start + size])
    return found + reader.close(), reader.streamed


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CR LF", "CR"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["bare", "marked"])
def test_a_stream_is_the_same_with_every_line_end_and_mark(size, end, mark):
    body = mark + STREAM.replace(b"\n", end)
    assert read(body, size) == ([*DOCUMENTS, b"[DONE]"], True)


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n  "])
def test_json_is_known_by_its_first_character(size, before):
    assert read(before + DOCUMENTS[0], size) == ([DOCUMENTS[0]], False)


def test_an_empty_body_holds_nothing():
    assert read(b"", 1) == ([], True)


def test_lines_of_json_are_read_by_whoever_decodes_them():
    body = b"\n".join(DOCUMENTS)
    found, streamed = read(body, 7)
    assert ([json.loads(line) for line in found[0].splitlines()], streamed) == (
        [{"choices": [1]}, {"choices": [2]}],
        False,
    )


def test_a_comment_that_a_proxy_has_wrapped_is_one():
    reader = EventReader()
    assert reader.feed(b"data: : PROCESSING\n\ndata: x\n\n") == [b"x"]

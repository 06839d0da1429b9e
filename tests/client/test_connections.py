"""What servers, proxies and networks do to a request, byte by byte."""

import asyncio
import base64
import gzip
import json
import ssl
import zlib
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from chat_server import ChatServer, answer, request, whole
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pytest_llmops.client.chat import ChatClient
from pytest_llmops.client.connections import Connections, ask_once
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.pacing import Patience
from pytest_llmops.errors import EndpointError

QUICK = Patience(
    retries=1, first_delay=0.01, longest_delay=0.02, longest_wait=5, outage=0.05, connect=0.5
)
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
BODY = json.dumps(
    {
        "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    }
).encode()


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def plain(body=BODY, *lines):
    """Bytes of a whole answer."""
    head = [f"content-length: {len(body)}", "content-type: application/json", *lines]
    return "\r\n".join(["HTTP/1.1 200 OK", *head, "", ""]).encode("latin-1") + body


class Raw:
    """Answers each request with the next of given bytes, the last for ever; keeps their heads."""

    def __init__(self, *answers, ends=False, tls=None):
        self.heads = []
        self._answers = list(answers)
        self._ends = ends
        self._tls = tls
        self._tasks = []

    @asynccontextmanager
    async def serve(self):
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._tls)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader, writer):
        self._tasks.append(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.heads.append(head)
                size = head.lower().partition("content-length: ")[2].partition("\r")[0]
                await reader.readexactly(int(size or 0))
                writer.write(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])
                await writer.drain()
                if self._ends:
                    break
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()


def ask(raw, url="http://127.0.0.1:{}/v1", asked=None, **endpoint):
    async def main():
        async with raw.serve() as port:
            where = Endpoint(base_url=url.format(port), model="m", **endpoint)
            async with ChatClient(where, QUICK) as client:
                return await client.complete(asked or request())

    return asyncio.run(main())


def failure(raw, *args, **endpoint):
    with pytest.raises(EndpointError) as caught:
        ask(raw, *args, **endpoint)
    return str(caught.value)


STREAM = (
    b'data: {"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}],'
    b' "usage": {"prompt_tokens": 1, "completion_tokens": 1}}\n\ndata: [DONE]\n\n'
)
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def test_an_answer_that_is_all_there_counts_although_its_connection_breaks():
    raw = Raw(CHUNKED + b"%x\r\n%s\r\n" % (len(STREAM), STREAM), ends=True)
    assert ask(raw).text == "x"
    assert len(raw.heads) == 1


def test_a_body_shorter_than_it_says_is_asked_for_again():
    raw = Raw(plain()[:-5], plain(), ends=True)
    assert (ask(raw).retries, len(raw.heads)) == (1, 2)


def test_a_stream_without_any_end_of_its_own_ends_with_its_connection():
    raw = Raw(b"HTTP/1.1 200 OK\r\n\r\n" + STREAM, ends=True)
    assert ask(raw).text == "x"


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def members(data, size):
    return b"".join(
        gzip.compress(data[start : start + size]) for start in range(0, len(data), size)
    )


def bytewise(body, *lines):
    """Bytes of a whole answer, each in a chunk of its own."""
    head = "\r\n".join(["HTTP/1.1 200 OK", "transfer-encoding: chunked", *lines, "", ""]).encode()
    return head + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"


PACKED = {
    "gzip": ("gzip", gzip.compress),
    "another name of it": ("x-gzip", gzip.compress),
    "in capitals": ("GZIP", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "deflate without a head": ("deflate", raw_deflate),
    "members": ("gzip", lambda body: members(body, 30)),
    "two thousand members": (
        "gzip",
        lambda body: members(body, len(body)) + 2_000 * gzip.compress(b""),
    ),
    "zeros behind it": ("gzip", lambda body: gzip.compress(body) + bytes(9)),
    "not packed": ("identity", bytes),
}


@pytest.mark.parametrize("body", [BODY, STREAM], ids=["whole", "stream"])
@pytest.mark.parametrize(("coding", "pack"), PACKED.values(), ids=PACKED)
def test_a_packed_body_is_unpacked(coding, pack, body):
    line = f"content-encoding: {coding}"
    assert ask(Raw(plain(pack(body), line))).text == "x"
    if len(pack(body)) < 1_000:
        assert ask(Raw(bytewise(pack(body), line))).text == "x"


@pytest.mark.parametrize(
    "pack", [gzip.compress, zlib.compress, raw_deflate], ids=["gzip", "deflate", "no head"]
)
def test_no_byte_of_a_long_packed_body_is_lost(pack):
    text = "".join(f"{number} " * (number % 97) for number in range(9_000)) + "a" * 200_000
    body = BODY.replace(b'"x"', json.dumps(text).encode())
    coding = "gzip" if pack is gzip.compress else "deflate"
    assert ask(Raw(plain(pack(body), f"content-encoding: {coding}"))).text == text


def test_a_body_packed_for_its_transfer_is_unpacked():
    packed = gzip.compress(BODY)
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n"
    assert ask(Raw(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed))).text == "x"


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, br", "gzip, gzip"])
@pytest.mark.parametrize("status", [200, 401])
def test_a_packing_that_was_not_asked_for_is_an_error_by_name_at_once(coding, status):
    """Not what an installed package reads: asked for is the same everywhere, and is paid once."""
    body = plain(b"\x0b\x02\x80hello\x03", f"content-encoding: {coding}")
    raw = Raw(body.replace(b"200 OK", b"%d -" % status))
    told = failure(raw)
    assert f"it is packed as {coding} ('content-encoding'), and only gzip or deflate" in told
    assert ("HTTP 401" in told, "no key was sent" in told) == (status == 401, status == 401)
    assert len(raw.heads) == 1
    assert "accept-encoding: gzip, deflate\r\n" in raw.heads[0].lower()


BAD_PACKING = {
    "not packed": (b"no gzip at all", "it is no gzip"),
    "an unpacked answer": (BODY, "it is no gzip"),
    "another sum": (gzip.compress(BODY)[:-8] + bytes(8), "incorrect data check"),
    "rubbish behind it": (gzip.compress(BODY) + b"rubbish", "it is no gzip"),
}


@pytest.mark.parametrize(("body", "told"), BAD_PACKING.values(), ids=BAD_PACKING)
def test_what_cannot_be_unpacked_is_an_error_at_once(body, told):
    raw = Raw(plain(body, "content-encoding: gzip"))
    found = failure(raw)
    assert told in found
    assert "content-encoding" in found
    assert len(raw.heads) == 1


def test_a_packed_body_that_nobody_says_is_packed_is_told_as_such():
    assert "is in gzip, and no 'content-encoding'" in failure(Raw(plain(gzip.compress(BODY))))


@pytest.mark.parametrize("body", [BODY, STREAM[:-16]], ids=["whole", "stream"])
@pytest.mark.parametrize("kept", [0, 1, 10, -12, -8, -1])
@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)],
                         ids=["gzip", "deflate"])  # fmt: skip
def test_a_packed_body_that_is_cut_is_asked_for_again(coding, pack, kept, body):
    raw = Raw(plain(pack(body)[:kept], f"content-encoding: {coding}"), plain())
    assert ask(raw).retries == 1


def test_a_refusal_that_cannot_be_unpacked_keeps_its_status():
    rubbish = plain(b"rubbish", "content-encoding: gzip")
    assert "HTTP 400: the body cannot be read" in failure(Raw(rubbish.replace(b"200", b"400")))
    raw = Raw(rubbish.replace(b"200", b"503"), plain())
    assert ask(raw).retries == 1


def test_a_packed_answer_without_end_is_refused():
    bomb = gzip.compress(b"data: " + b"x" * (40 * 2**20))
    assert "over 32 MiB" in failure(Raw(plain(bomb, "content-encoding: gzip")))


@pytest.mark.parametrize(
    "line",
    ["x-policy: " + "y" * 40_000, "x-name: \xff\xfe", "x-empty:", "set-cookie: a=b; path=/"],
    ids=["long", "no UTF-8", "empty", "a cookie"],
)
def test_odd_heads_are_read(line):
    assert ask(Raw(plain(BODY, line))).text == "x"


def test_cookies_are_not_sent_back():
    async def main():
        async with raw.serve() as port:
            where = Endpoint(base_url=f"http://127.0.0.1:{port}/v1", model="m")
            async with ChatClient(where, QUICK) as client:
                for number in range(2):
                    await client.complete(request(sample=number))

    raw = Raw(plain(BODY, "set-cookie: session=1; path=/"))
    asyncio.run(main())
    assert "cookie" not in "".join(raw.heads).lower()


def test_a_word_ahead_of_the_answer_is_passed_over():
    assert ask(Raw(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + plain())).text == "x"


def test_what_is_not_http_is_told_in_one_line():
    told = failure(Raw(b"SSH-2.0-OpenSSH_9.2\r\n", ends=True))
    assert "is not HTTP" in told
    assert "\n" not in told


def test_a_server_that_hangs_up_is_told_so():
    assert "the server closed the connection; gave up after 2 tries" in failure(Raw(b"", ends=True))


def test_redirects_are_told_and_not_followed():
    server = ChatServer(whole(308, "moved", location="/v1/chat/completions"), answer())

    async def main():
        async with server as url, ChatClient(Endpoint(base_url=url, model="m"), QUICK) as client:
            await client.complete(request())

    with pytest.raises(EndpointError, match="HTTP 308"):
        asyncio.run(main())
    assert len(server.calls) == 1


def test_a_long_prompt_is_sent_whole():
    server = ChatServer(answer())

    async def main():
        async with server as url, ChatClient(Endpoint(base_url=url, model="m"), QUICK) as client:
            await client.complete(request(prompt="x" * 3_000_000))

    asyncio.run(main())
    assert len(server.calls[0].body["messages"][1]["content"]) == 3_000_000


def test_the_path_goes_out_as_it_is_written():
    raw = Raw(plain())
    ask(raw, "http://127.0.0.1:{}/a%2Fb%7e/~c/v1")
    assert raw.heads[0].startswith("POST /a%2Fb%7e/~c/v1/chat/completions HTTP/1.1\r\n")


def test_name_and_password_of_the_url_are_sent_in_place_of_the_key():
    raw = Raw(plain())
    ask(raw, "http://me:p%40ss@127.0.0.1:{}/v1", api_key="sk-1")
    basic = base64.b64encode(b"me:p@ss").decode()
    assert f"authorization: basic {basic}\r\n".lower() in raw.heads[0].lower()
    assert "sk-1" not in raw.heads[0]


def test_passwords_for_other_programs_are_not_sent(tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    raw = Raw(plain())
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:{}")
    ask(raw, api_key="sk-1")
    assert "authorization: bearer sk-1\r\n" in raw.heads[0].lower()


def through(monkeypatch, raw, variables, url="http://model.example/v1"):
    """Ask a host elsewhere, with variables that name this server as the proxy."""

    async def main():
        async with raw.serve() as port:
            for name, value in variables.items():
                monkeypatch.setenv(name, value.format(port))
            async with ChatClient(Endpoint(base_url=url, model="m"), QUICK) as client:
                return await client.complete(request())

    return asyncio.run(main())


@pytest.mark.parametrize(
    "variables",
    [
        {"HTTP_PROXY": "http://127.0.0.1:{}"},
        {"http_proxy": "127.0.0.1:{}"},
        {"ALL_PROXY": "http://127.0.0.1:{}"},
        {"HTTP_PROXY": "http://127.0.0.1:{}", "NO_PROXY": "other.example"},
    ],
    ids=str,
)
def test_the_proxy_of_the_environment_is_used(variables, monkeypatch):
    raw = Raw(plain())
    assert through(monkeypatch, raw, variables).text == "x"
    assert raw.heads[0].startswith("POST http://model.example/v1/chat/completions HTTP/1.1\r\n")
    assert "host: model.example\r\n" in raw.heads[0].lower()


def test_a_proxy_is_told_its_own_password(monkeypatch):
    raw = Raw(plain())
    through(monkeypatch, raw, {"HTTP_PROXY": "http://me:p%40ss@127.0.0.1:{}"})
    basic = base64.b64encode(b"me:p@ss").decode()
    assert f"proxy-authorization: basic {basic}\r\n".lower() in raw.heads[0].lower()


@pytest.mark.parametrize("spared", ["model.example", ".example", "*", "model.example:80"])
def test_hosts_that_are_spared_are_asked_without_a_proxy(spared, monkeypatch):
    raw = Raw(plain())
    variables = {"HTTP_PROXY": "http://127.0.0.1:{}", "NO_PROXY": spared}
    with pytest.raises(EndpointError, match="cannot connect"):
        through(monkeypatch, raw, variables, "http://model.example:80/v1")
    assert not raw.heads


def test_this_machine_is_asked_without_a_proxy(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert ask(Raw(plain())).text == "x"


def test_a_proxy_that_refuses_to_connect_is_told(monkeypatch):
    raw = Raw(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
    with pytest.raises(EndpointError, match="the proxy refuses: HTTP 407"):
        through(
            monkeypatch, raw, {"HTTPS_PROXY": "http://127.0.0.1:{}"}, "https://model.example/v1"
        )
    assert raw.heads[0].startswith("CONNECT model.example:443 HTTP/1.1\r\n")


def test_a_proxy_that_is_not_there_is_told_from_the_model(monkeypatch):
    with pytest.raises(EndpointError, match="cannot connect to the proxy: Connection refused"):
        through(monkeypatch, Raw(plain()), {"HTTP_PROXY": "http://127.0.0.1:1"})


def test_a_kind_of_proxy_that_cannot_be_used_is_refused_with_the_way_out(monkeypatch):
    with pytest.raises(EndpointError, match="names a socks5 proxy; .*NO_PROXY"):
        through(monkeypatch, Raw(plain()), {"ALL_PROXY": "socks5://127.0.0.1:{}"})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a key and a certificate of nobody for 127.0.0.1, and one with the latter."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "llmops test")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    kind = serialization.Encoding.PEM
    secret = key.private_bytes(
        kind, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "own.pem").write_bytes(built.public_bytes(kind))
    (folder / "both.pem").write_bytes(secret + built.public_bytes(kind))
    return folder


@pytest.fixture
def tls(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "both.pem")
    return context


def test_a_certificate_that_the_environment_names_is_trusted(tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "own.pem"))
    raw = Raw(plain(), tls=tls)
    assert ask(raw, "https://localhost:{}/v1").text == "x"


def test_a_certificate_of_nobody_is_refused_at_once_in_one_line(tls, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    told = failure(Raw(plain(), tls=tls), "https://localhost:{}/v1")
    assert "certificate is not trusted" in told
    assert "SSL_CERT_FILE" in told
    assert "\n" not in told
    assert "tries" not in told


def test_a_certificate_for_another_host_is_refused(tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "own.pem"))
    assert "certificate" in failure(Raw(plain(), tls=tls), "https://127.0.0.1:{}/v1")


def test_a_server_that_does_not_speak_tls_is_told():
    told = failure(Raw(plain()), "https://localhost:{}/v1")
    assert "cannot connect" in told


def test_a_connection_that_is_not_made_in_time_is_given_up():
    async def main():
        async with Raw(b"").serve() as port:  # it waits for a request, and says no word of TLS
            where = Endpoint(base_url=f"https://127.0.0.1:{port}/v1", model="m")
            async with Connections(where, 0.1) as way, way.ask("/x"):
                pass

    with pytest.raises(EndpointError, match="no connection in time"):
        asyncio.run(main())


def once(raw, **more):
    async def main():
        async with raw.serve() as port:
            where = Endpoint(base_url=f"http://127.0.0.1:{port}", model="m")
            wanted = {"seconds": 0.5, "read": {200}} | more
            return await asyncio.to_thread(ask_once, Connections(where, 1.0), "/x", **wanted)

    return asyncio.run(main())


def test_one_request_gives_status_and_body():
    assert once(Raw(plain(b"body"))) == (200, b"body")
    assert once(Raw(plain(b"body")), read=()) == (200, b"")


def test_one_request_waits_no_longer_than_it_is_told():
    with pytest.raises(EndpointError, match=r"no answer within 0\.5 s"):
        once(Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"))


def test_one_request_reads_no_endless_answer():
    with pytest.raises(EndpointError, match="over 16 MiB"):
        once(Raw(plain(b"x" * (17 * 2**20))), seconds=20)

"""`xinzhi serve` as a user meets it: the port is taken first, the address is one that opens, a secret is not kept."""

from __future__ import annotations

import socket
import threading
from ipaddress import IPv4Address

import pytest
from called import answering

pytest.importorskip("fastapi")

from xinzhi.cli.explorer import _address
from xinzhi.core.errors import UsageError
from xinzhi.web import Store, server

EVERYWHERE = str(IPv4Address(0))
WORD = "a-word-of-some-length"


@pytest.fixture
def serve(monkeypatch, capsys):
    """Call the verb with a server that ends at once."""
    monkeypatch.setattr(server, "warm", lambda _: None)
    monkeypatch.setattr(server, "serve", lambda _, listening, __: listening.close())

    def call(*arguments, language="en"):
        return answering(monkeypatch, capsys, "serve", language=language)(*arguments)

    return call


@pytest.mark.parametrize(("language", "words"), [("en", "is in use by another program"), ("zh", "已被其他程序占用")])
def test_a_port_in_use_is_refused_before_anything_is_computed(serve, monkeypatch, language, words):
    monkeypatch.setattr(server, "warm", lambda _: pytest.fail("computed before"))
    with server.listening_socket("127.0.0.1", 0) as other:
        port = other.getsockname()[1]
        code, out, err = serve("--port", port, language=language)
    assert code == 2
    assert "http://" not in out
    assert words in err
    assert str(port) in err


@pytest.mark.parametrize(("language", "words"), [("en", "cannot serve there"), ("zh", "无法在")])
def test_an_address_that_is_not_of_this_machine_is_refused(serve, language, words):
    code, out, err = serve("--host", "192.0.2.1", "--token", WORD, language=language)
    assert (code, out) == (2, "")
    assert words in err


def test_the_address_is_one_that_opens_and_keeps_no_secret(serve):
    code, out, _ = serve("--host", EVERYWHERE, "--port", 0, "--token", WORD)
    assert code == 0
    assert f"http://{socket.gethostname()}:" in out
    assert ":0/" not in out
    assert WORD not in out


@pytest.mark.parametrize(("language", "words"), [("en", "short enough to be guessed"), ("zh", "容易被猜中")])
@pytest.mark.parametrize("token", ["", "a", "123456789012345"])
def test_a_token_that_can_be_guessed_is_refused_with_a_better_one(serve, language, words, token):
    code, out, err = serve("--token", token, language=language)
    assert (code, out) == (2, "")
    assert words in err
    made = err.replace("，例如", "such as ").partition("such as ")[2].split("。")[0].strip()
    assert len(made) > 16
    assert serve("--port", 0, "--token", made.replace("\n", "").replace(" ", ""))[0] == 0


def test_an_address_is_written_as_a_browser_takes_it():
    assert _address("127.0.0.1", 8000, None) == "http://127.0.0.1:8000/"
    assert _address("::1", 8000, "a b") == "http://[::1]:8000/?token=a%20b"


def test_the_server_runs_while_the_first_pages_are_computed(serve, monkeypatch):
    running = threading.Event()
    monkeypatch.setattr(server, "warm", lambda _: running.wait(30))
    monkeypatch.setattr(server, "serve", lambda _, listening, __: (running.set(), listening.close()))
    assert serve("--port", 0)[0] == 0
    assert running.is_set()


def test_a_first_page_that_cannot_be_computed_does_not_end_the_server(monkeypatch):
    def refuse(*_):
        raise UsageError("web.no-page")

    monkeypatch.setattr(server.render, "html", refuse)
    server.warm(Store("china-provinces"))

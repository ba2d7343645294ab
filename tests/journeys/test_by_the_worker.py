"""A question's vector by the worker's model: whatever the worker does, the search goes on, and soon."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass import calling
from cass.asking import socket_path
from cass.frames import DECLINED, OPENING, packed
from cass.search.quality import NOT_BESIDE, by_the_worker
from cass.semantic.embedders import wire
from cass.semantic.embedders.table import AUTO, Beside
from tests.archive import Home, make_home
from tests.daemon import embedders
from tests.daemon.embedders import VECTOR
from tests.journeys.test_a_silent_worker import instead, stamp

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")
AT_ALL = Beside(AUTO)


def hello(**said: object) -> bytes:
    known = {"model": "minilm-384", "revision": "1", "dimension": 384, "max_chars": 1000, "is_loaded": True}
    return wire.hello(**{**known, **said})


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = make_home(tmp_path)
    with embedders.short_folder() as folder:
        home.env["CASS_RUNTIME_DIR"] = f"{folder}/run"
        yield home


def asked(home: Home, beside: Beside = AT_ALL) -> list[float] | None:
    found = by_the_worker("minilm", home.places, "a text", 200.0, beside)
    return None if found is None else list(found.embed(["a text"])[0])


def test_its_vector_is_taken(home: Home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calling, "ANSWER_S", embedders.GONE_S)
    with instead(home, hello() + wire.answer(1, [VECTOR])):
        found = by_the_worker("minilm", home.places, "a text", None, AT_ALL)

    assert found is not None
    assert (found.embedder_id, found.model_version, found.dim) == ("minilm-384", "1", 384)
    assert found.embed(["a text"]) == [VECTOR]


@pytest.mark.parametrize("says", [b"", hello()[:7], hello(), hello() + wire.answer(1, [VECTOR])[:-9]])
def test_one_that_falls_silent_is_left_alone(home: Home, says: bytes):
    """Before its hello or after it; nobody else asks it for a minute."""
    with instead(home, says) as calls:
        found = asked(home), asked(home)

    assert found == (None, None)
    assert len(calls) == 1
    assert os.path.exists(stamp(home))


@pytest.mark.parametrize(
    "says",
    [
        hello(is_loaded=False),
        hello(model="other-768", dimension=768),
        wire.hello(pid=1, version="0"),
        wire.error(None, wire.REFUSED, "no model minilm is installed"),
        hello() + wire.error(1, "transport", "the model failed", status="error"),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_one_that_has_no_vector_to_give_is_not_waited_for(home: Home, says: bytes, monkeypatch: pytest.MonkeyPatch):
    """Its model is not open yet, or is another one; or it is no worker of this version."""
    monkeypatch.setattr(calling, "ANSWER_S", embedders.GONE_S)
    with instead(home, says):
        assert by_the_worker("minilm", home.places, "a text", None, AT_ALL) is None
    assert not os.path.exists(stamp(home))


def test_one_whose_model_is_being_opened_is_not_asked_again(home: Home, monkeypatch: pytest.MonkeyPatch):
    """It has just said so of the whole command, and is busy: a late answer would have it left alone for a minute."""
    monkeypatch.setattr(calling, "_opening", [])
    monkeypatch.setattr(calling, "ANSWER_S", embedders.GONE_S)
    with instead(home, wire.hello(pid=1, version="0") + packed(DECLINED, tail=OPENING), most=1) as calls:
        assert calling.answered(["search", "--json", "walrus"], home.places, socket_path(home.places)) is None
        assert by_the_worker("minilm", home.places, "a text", None, AT_ALL) is None

    assert len(calls) == 1
    assert not os.path.exists(stamp(home))


def test_one_that_dies_is_not_waited_for(home: Home, monkeypatch: pytest.MonkeyPatch):
    """Its connection is made once more, in vain."""
    monkeypatch.setattr(calling, "ANSWER_S", embedders.GONE_S)
    with instead(home, hello(), hangs_up=True, most=2):
        assert by_the_worker("minilm", home.places, "a text", None, AT_ALL) is None
    assert not os.path.exists(stamp(home))


def test_nobody_is_asked_where_models_run_in_each_process(home: Home):
    """Or in the one that a setting names."""
    with instead(home, hello(), most=0) as calls:
        for beside in (NOT_BESIDE, Beside(AUTO, "unix:///elsewhere")):
            assert asked(home, beside) is None

    assert calls == []

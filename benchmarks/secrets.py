"""How many planted secrets are recognised, and how often a text without one is taken for one.

    python -m benchmarks.secrets [--planted 2000] [--archive FOLDER]

The planted ones are made after what each service publishes about its tokens, in the places where they turn up in
sessions: files of variables, JSON, command lines, headers, code, what a program prints.  `--archive` names a data
folder: each alarm over its texts is listed masked, for a person to judge.
"""

from __future__ import annotations

import argparse
import base64
import random
import string
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from cass.redact import mask
from cass.secret_forms import secrets_in
from cass.store.connect import open_reader

LETTERS = string.ascii_letters + string.digits
PLACES = (
    "{name}={value}\n",
    'export {name}="{value}"',
    '{{"{key}": "{value}", "region": "eu-west-1"}}',
    "{key}: {value}\nhost: db.internal\n",
    '  const {key} = "{value}";',
    "curl -H 'Authorization: Bearer {value}' https://api.internal/v1/items",
    "The {key} is {value}, please rotate it.",
    "+{name}={value}\n-{name}=\n",
    '{{\\"{key}\\": \\"{value}\\"}}',
)
BY_NAME = PLACES[:5] + PLACES[7:]


def _text(rng: random.Random, letters: str, length: int) -> str:
    return "".join(rng.choices(letters, k=length))


def _jwt(rng: random.Random) -> str:
    def part(value: str) -> str:
        return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")

    claims = f'{{"sub":"{_text(rng, LETTERS, 12)}","iat":{rng.randrange(10**9, 2 * 10**9)}}}'
    return ".".join((part('{"alg":"HS256","typ":"JWT"}'), part(claims), _text(rng, LETTERS + "-_", 43)))


def _private_key(rng: random.Random) -> str:
    kind = rng.choice(("RSA ", "EC ", "OPENSSH ", ""))
    lines = "\n".join(_text(rng, LETTERS + "+/", 64) for _ in range(rng.randrange(5, 26)))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"


def _password(rng: random.Random) -> str:
    return _text(rng, LETTERS, rng.randrange(8, 20)) + rng.choice(string.digits) + rng.choice(string.ascii_lowercase)


MADE: dict[str, tuple[Callable[[random.Random], str], tuple[str, ...]]] = {
    "aws access key": (lambda r: "AKIA" + _text(r, string.ascii_uppercase + string.digits, 16), PLACES),
    "aws secret key": (lambda r: _text(r, LETTERS + "+/", 40), BY_NAME),
    "github token": (lambda r: r.choice(("ghp_", "gho_", "ghs_")) + _text(r, LETTERS, 36), PLACES),
    "github fine-grained": (lambda r: f"github_pat_{_text(r, LETTERS, 22)}_{_text(r, LETTERS, 59)}", PLACES),
    "gitlab token": (lambda r: "glpat-" + _text(r, LETTERS + "-_", 20), PLACES),
    "slack token": (lambda r: f"xoxb-{r.randrange(10**11, 10**12)}-{_text(r, LETTERS, 24)}", PLACES),
    "openai key": (lambda r: "sk-proj-" + _text(r, LETTERS + "-_", 100), PLACES),
    "anthropic key": (lambda r: f"sk-ant-api03-{_text(r, LETTERS + '-_', 93)}AA", PLACES),
    "stripe key": (lambda r: "sk_live_" + _text(r, LETTERS, 24), PLACES),
    "google key": (lambda r: "AIza" + _text(r, LETTERS + "-_", 35), PLACES),
    "hugging face token": (lambda r: "hf_" + _text(r, LETTERS, 34), PLACES),
    "npm token": (lambda r: "npm_" + _text(r, LETTERS, 36), PLACES),
    "pypi token": (lambda r: "pypi-AgEIcHlwaS5vcmc" + _text(r, LETTERS + "-_", 120), PLACES),
    "sendgrid key": (lambda r: f"SG.{_text(r, LETTERS, 22)}.{_text(r, LETTERS, 43)}", PLACES),
    "jwt": (_jwt, PLACES),
    "private key": (_private_key, ("{value}\n", "cat key.pem\n{value}\nok\n")),
    "connection string": (
        lambda r: f"{r.choice(('postgres', 'mysql', 'mongodb+srv', 'redis'))}://app:{_password(r)}@db.internal:5432/x",
        PLACES[:5],
    ),
    "password": (_password, ('{name}_PASSWORD="{value}"', "password: '{value}'", '"db_password": "{value}"')),
    "other service's token": (lambda r: _text(r, LETTERS, r.randrange(20, 48)), BY_NAME),
    "hexadecimal secret": (lambda r: _text(r, "0123456789abcdef", 40), BY_NAME),
}
NAMES = (("API_KEY", "api_key"), ("SERVICE_TOKEN", "accessToken"), ("CLIENT_SECRET", "client_secret"))


def planted(rng: random.Random, kind: str) -> tuple[str, str]:
    """A text with a secret of this kind in it, and the secret."""
    make, places = MADE[kind]
    value = make(rng)
    name, key = rng.choice(NAMES)
    return rng.choice(places).format(name=name, key=key, value=value), value


def is_hidden(text: str, value: str) -> bool:
    """Nothing of its second half, or of a connection's password, is left to read."""
    secret = value.split("@", maxsplit=1)[0].rpartition(":")[2] if "://" in value else value
    return secret[len(secret) // 2 :] not in mask(text)


def recall(count: int) -> Counter[str]:
    """Misses by kind, of `count` planted ones over all kinds in turn."""
    rng = random.Random(20)
    missed: Counter[str] = Counter()
    for at in range(count):
        kind = list(MADE)[at % len(MADE)]
        text, value = planted(rng, kind)
        missed[kind] += not is_hidden(text, value)
    return missed


def alarms(folder: Path) -> tuple[int, list[str], float]:
    """Texts looked at, each alarm among them (masked), and the seconds that it took."""
    connection = open_reader(str(folder / "cass.db"))
    if connection is None:
        raise SystemExit(f"there is no archive in {folder}")
    started = time.process_time()
    count, found = 0, []
    for (text,) in connection.execute("SELECT text FROM texts"):
        count += 1
        shown = mask(text) if any(True for _ in secrets_in(text)) else ""
        found += [f"{kind}: {shown[max(0, start - 40) : end + 10]!r}" for kind, start, end in secrets_in(text)]
    return count, found, time.process_time() - started


def main() -> int:
    parser = argparse.ArgumentParser(description="Recall on planted secrets, and alarms over an archive.")
    parser.add_argument("--planted", type=int, default=2000)
    parser.add_argument("--archive", type=Path)
    given = parser.parse_args()
    missed = recall(given.planted)
    sys.stdout.write(f"recall {1 - missed.total() / given.planted:.4f} of {given.planted} planted\n")
    for kind, count in missed.most_common():
        sys.stdout.write(f"  missed {count} x {kind}\n" if count else "")
    if given.archive:
        count, found, seconds = alarms(given.archive)
        sys.stdout.write(f"{len(found)} alarms in {count} texts, {seconds:.1f} s of CPU\n")
        sys.stdout.write("".join(f"  {alarm}\n" for alarm in found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

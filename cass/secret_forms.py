"""The forms that secrets have: where they stand in a text, of which kind, and the text with them masked.

No regular expressions: loading those costs a cold search more than all of its snippets.  Each kind begins with a few
letters that hardly stand anywhere else (redact.py lists them); only where those are found is anything looked at more
closely.
"""

from __future__ import annotations

from cass.redact import KEY_NAME, LEAST_VALUE, MASK, NAMES, may_start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    # Kind, start and end (behind) in the text.
    Secret: TypeAlias = tuple[str, int, int]

# So much of a token stays readable: what it is, and which of several.
_SHOWN = 4

_DIGITS = "0123456789"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORD = _UPPER + _UPPER.lower() + _DIGITS
_URL_SAFE = _WORD + "-_"
_BASE64 = _WORD + "+/="
_VALUE = _URL_SAFE + "+/=.~"

# How a token begins → its kind, the letters it goes on with, and how many of them at least and at most.
_TOKENS: dict[str, tuple[str, str, int, int]] = {
    "AKIA": ("aws-access-key", _UPPER + _DIGITS, 16, 16),
    "ASIA": ("aws-access-key", _UPPER + _DIGITS, 16, 16),
    "AIza": ("google-api-key", _URL_SAFE, 35, 35),
    "ya29.": ("google-oauth-token", _URL_SAFE, 40, 4000),
    "GOCSPX-": ("google-oauth-secret", _URL_SAFE, 28, 28),
    "ghp_": ("github-token", _WORD, 36, 255),
    "gho_": ("github-token", _WORD, 36, 255),
    "ghu_": ("github-token", _WORD, 36, 255),
    "ghs_": ("github-token", _WORD, 36, 255),
    "ghr_": ("github-token", _WORD, 36, 255),
    "github_pat_": ("github-token", _WORD + "_", 40, 255),
    "glpat-": ("gitlab-token", _URL_SAFE, 20, 64),
    "xoxb-": ("slack-token", _URL_SAFE, 20, 255),
    "xoxp-": ("slack-token", _URL_SAFE, 20, 255),
    "xoxa-": ("slack-token", _URL_SAFE, 20, 255),
    "xoxs-": ("slack-token", _URL_SAFE, 20, 255),
    "xapp-": ("slack-token", _URL_SAFE, 20, 255),
    "hooks.slack.com/services/": ("slack-webhook", _WORD + "/", 30, 100),
    "sk-": ("openai-or-anthropic-key", _URL_SAFE, 32, 255),
    "sk_live_": ("stripe-key", _WORD, 16, 255),
    "sk_test_": ("stripe-key", _WORD, 16, 255),
    "rk_live_": ("stripe-key", _WORD, 16, 255),
    "whsec_": ("stripe-webhook-secret", _BASE64, 24, 255),
    "hf_": ("huggingface-token", _WORD, 30, 64),
    "npm_": ("npm-token", _WORD, 36, 36),
    "pypi-AgE": ("pypi-token", _URL_SAFE, 50, 1000),
    "SG.": ("sendgrid-key", _URL_SAFE + ".", 60, 80),
    "dop_v1_": ("digitalocean-token", "0123456789abcdef", 64, 64),
    "shpat_": ("shopify-token", "0123456789abcdefABCDEF", 32, 32),
    "lin_api_": ("linear-key", _WORD, 32, 64),
    "figd_": ("figma-token", _URL_SAFE, 36, 64),
    "dckr_pat_": ("docker-token", _URL_SAFE, 20, 64),
    "gsk_": ("groq-key", _WORD, 40, 64),
    "xai-": ("xai-key", _WORD, 60, 100),
    "pplx-": ("perplexity-key", _WORD, 40, 64),
    "hvs.": ("vault-token", _URL_SAFE, 24, 255),
    "ntn_": ("notion-token", _WORD, 40, 64),
    "glsa_": ("grafana-token", _WORD + "_", 38, 64),
    "sbp_": ("supabase-token", "0123456789abcdef", 40, 40),
    "tskey-": ("tailscale-key", _URL_SAFE, 24, 100),
    "PMAK-": ("postman-key", "0123456789abcdef-", 50, 64),
    "ATATT3": ("atlassian-token", _URL_SAFE + "=", 100, 255),
    "AccountKey=": ("azure-storage-key", _BASE64, 60, 100),
    "AGE-SECRET-KEY-1": ("age-key", _UPPER + _DIGITS, 50, 64),
}
_KEY_BEGINS = "-----BEGIN "
_JWT = "eyJ"
_PLACEHOLDERS = ("example", "your", "xxxx", "****", "....", "changeme", "placeholder", "redacted", "dummy", "password")
_QUOTES = "\"'`"
# JSON inside JSON inside JSON has seven backslashes before a quote.
_ESCAPES = 8
# Stands in a header between the name and the name and password, which are base64.
_BASIC = "Basic "
# Shorter values are words, and their randomness cannot be told.
_LEAST_VALUE = 12
# Bits a letter (Shannon): English words have 2.5 to 3.3 in so short a text, random letters over 3.5.
_LEAST_BITS = 3.3


def masked(text: str) -> str:
    """The text with each secret's letters but the first few replaced, one for one, so that offsets still fit."""
    pieces, behind = [], 0
    for kind, start, end in secrets_in(text):
        start += 0 if kind in ("private-key", "connection-string", "assignment") else _SHOWN
        hidden = "".join([sign if sign in "\r\n" else MASK for sign in text[start:end]])
        pieces += [text[behind:start], hidden]
        behind = end
    return "".join([*pieces, text[behind:]])


def secrets_in(text: str) -> Iterator[Secret]:
    """Every secret of the text, those that lie inside another left out."""
    found = [secret for begin in (_keys, _tokens, _jwts, _connections, _assignments) for secret in begin(text)]
    behind = 0
    for kind, start, end in sorted(found, key=lambda secret: (secret[1], -secret[2])):
        if start >= behind:
            yield kind, start, end
            behind = end


def fingerprint(kind: str, value: str) -> str:
    """Twelve hexadecimal digits that tell one secret from another and give none of it away."""
    from hashlib import blake2b

    return blake2b(value.encode("utf-8", "replace"), digest_size=6, person=kind.encode()[:16]).hexdigest()


def _tokens(text: str) -> Iterator[Secret]:
    for begin in [begin for begin in _TOKENS if begin in text]:
        kind, letters, least, most = _TOKENS[begin]
        for at, end in _runs(text, begin, letters, most):
            cut = end < len(text) and text[end] in letters
            whole = end - at - len(begin) >= least and not cut and may_start(text, at)
            if whole and _is_made(text[at + len(begin) : end]):
                yield kind, at, end


def _jwts(text: str) -> Iterator[Secret]:
    for at, end in _runs(text, _JWT, _URL_SAFE + ".", 8000):
        parts = text[at:end].split(".", 3)
        if len(parts) >= 3 and parts[1][:3] == _JWT and min(map(len, parts[:3])) >= 16:
            yield "jwt", at, end


def _keys(text: str) -> Iterator[Secret]:
    last, end, stop = 0, len(text), len(text.rstrip())
    for at in _all(text, _KEY_BEGINS):
        line = text[at : at + 60]
        if KEY_NAME not in line:
            continue
        if 0 <= last <= at:
            last = text.find("-----END ", at)
            behind = text.find("-----", last + 9) if last >= 0 else -1
            end = behind + 5 if behind >= 0 else len(text)
        # The first line by itself, as in code that looks for it, is no key.
        if min(end, stop) - at > 120:
            yield "private-key", at, end


def _connections(text: str) -> Iterator[Secret]:
    """`scheme://user:password@host`: the password."""
    for at in _all(text, "://"):
        start = at + 3
        end = _run(text, start, _URL_SAFE + "+=.~:!$&'()*,;%^#?", 300)
        if end >= len(text) or text[end] != "@" or ":" not in text[start:end]:
            continue
        password = start + text[start:end].index(":") + 1
        if end - password >= 6 and not _is_placeholder(text[password:end]):
            yield "connection-string", password, end


def _assignments(text: str) -> Iterator[Secret]:
    for name in [name for name in NAMES if name in text]:
        is_password = name.lower() in ("assword", "asswd")
        for at in _all(text, name):
            start, quote = _value_after(text, at + len(name))
            if start < 0:
                continue
            end = _value_end(text, start, quote if is_password else "")
            value = text[start:end]
            if " " in value or _goes_on(text, end) or not _is_mixed(value, 2 if is_password else 3):
                continue
            is_quoted_password = is_password and bool(quote) and len(value) >= LEAST_VALUE
            if is_quoted_password or (len(value) >= _LEAST_VALUE and _looks_random(value)):
                yield "assignment", start, end


def _value_after(text: str, at: int) -> tuple[int, str]:
    """Where the value of `name = "…"` begins, `at` being the end of the name, and its quote; -1 for no assignment."""
    at = _run(text, at, _URL_SAFE, 12)
    at = _run(text, at, "\\" + _QUOTES, _ESCAPES)
    gap = at
    at = _run(text, at, " \t", 4)
    if text[at : at + 1] in (":", "="):
        at = _run(text, _run(text, at, ":=>", 3), " \t", 4)
    elif at == gap or text[gap - 5 : gap].lower() != "earer":
        return -1, ""  # only Bearer has its value next to it
    at += len(_BASIC) if text.startswith(_BASIC, at) else 0
    start = _run(text, at, "\\" + _QUOTES, _ESCAPES)
    return start, text[at:start].lstrip("\\")[:1]


def _value_end(text: str, start: int, quote: str) -> int:
    if quote:
        end = text.find(quote, start, start + 100)
        return start if end < 0 else start + len(text[start:end].rstrip("\\"))
    return _run(text, start, _VALUE, 400)


def _goes_on(text: str, end: int) -> bool:
    """A call, an index or a placeholder: code that makes a value is no value."""
    return text[end : end + 1] in tuple("([{<$%")


def _looks_random(value: str) -> bool:
    if _is_placeholder(value) or "..." in value or value.count("/") > 3 or value[:1] in "./~":
        return False
    # Names and words with points, dashes and underscores between them, dates and versions.
    parts = [part for part in value.replace(".", "-").replace("_", "-").replace("/", "-").split("-") if part]
    if not parts or max(map(len, parts)) < _LEAST_VALUE or all(part.isalpha() or part.isdigit() for part in parts):
        return False
    return _bits(value) >= _LEAST_BITS


def _is_made(value: str) -> bool:
    """By a machine: letters and digits, or both cases where chance gave no digit."""
    return _is_mixed(value) or (value.lower() != value != value.upper() and _bits(value) >= 3.5)


def _is_mixed(value: str, least_bits: float = 3) -> bool:
    """Letters and digits, as every service makes its tokens; the words of an example have no digits."""
    letters, digits = sum(map(str.isalpha, value)), sum(map(str.isdigit, value))
    return letters > 0 and digits > 0 and _bits(value) >= least_bits and not _is_placeholder(value)


def _is_placeholder(value: str) -> bool:
    plain = value.lower()
    return any([word in plain for word in _PLACEHOLDERS]) or value[:1] in ("$", "<", "{", "%", MASK)


def _bits(value: str) -> float:
    """Shannon's entropy in bits a letter: log2 n - sum(c log2 c) / n over the counts c of n letters."""
    counts: dict[str, int] = {}
    for sign in value:
        counts[sign] = counts.get(sign, 0) + 1
    length = len(value)
    return sum(count * (_log2(length) - _log2(count)) for count in counts.values()) / max(1, length)


def _log2(x: int) -> float:
    """Whole part by the bits, the rest by a polynomial to 0.01: math is a shared library that a search does without."""
    whole = x.bit_length() - 1
    rest = x / (1 << whole) - 1
    return float(whole + rest * (1.4425 - rest * (0.6789 - rest * 0.2364)))


def _run(text: str, start: int, letters: str, most: int) -> int:
    """Where the run of these letters ends that begins at `start`, after at most so many."""
    end = min(len(text), start + most)
    while start < end and text[start] in letters:
        start += 1
    return start


def _runs(text: str, begin: str, letters: str, most: int) -> Iterator[tuple[int, int]]:
    """Where each of these beginnings stands, and where the run of letters behind it ends; each letter is read once."""
    end = 0
    for at in _all(text, begin):
        start = at + len(begin)
        read = max(start, end)
        end = _run(text, read, letters, start + most - read)
        yield at, end


def _all(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)

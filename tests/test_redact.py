"""Secrets are recognised by how they begin or what they are called, and masked letter for letter."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.secrets import MADE, is_hidden, planted
from cass.redact import BEGINNINGS, MASK, hides, mask
from cass.secret_forms import _JWT, _KEY_BEGINS, _TOKENS, fingerprint, secrets_in

TOKEN = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6"
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
LINE = "MHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY/PuoAoGCCqGSM49\n"
KEY = f"-----BEGIN EC PRIVATE KEY-----\n{LINE * 3}-----END EC PRIVATE KEY-----"


@pytest.mark.parametrize("kind", MADE)
def test_planted_secrets_are_hidden(kind: str):
    rng = random.Random(7)

    missed = [text for text, value in [planted(rng, kind) for _ in range(25)] if not is_hidden(text, value)]

    assert len(missed) <= 1  # a few random tokens have letters that look like a word


@pytest.mark.parametrize(
    "text",
    [
        "the token is read from the environment: token = os.environ['SERVICE_TOKEN']",
        "password: string;",
        "const secretName = getSecretName(config)",
        "API_KEY=your-api-key-goes-here",
        "API_KEY=${SERVICE_API_KEY}",
        "max_tokens: 4096, tokenizer: cl100k_base",
        "git checkout 3f2a9c1e5b7d8f0a1c2e4d6b8a9f0c1d2e3f4a5b",
        "see https://example.com/playwright:v1.56.0-arm64@sha256",
        "postgres://user:password@localhost:5432/app",
        "id: 0b9e2c4a-5d7f-4e1b-9a3c-6f8d0e2b4c7a",
        'integrity "sha512-9Lp2TEd7nQ4bZ8cX1vK5mW3yR6tU0sA=="',
        'if (line.startsWith("-----BEGIN PRIVATE KEY-----")) return;',
        "sk-learn and skip-links-in-the-page-header-of-everything",
        "from secrets import token_urlsafe; session_token = token_urlsafe(32)",
        "keyToken: src/components/TokenList/TokenList2.tsx",
        "• • •",
        "",
    ],
)
def test_what_only_speaks_of_secrets_is_left_alone(text: str):
    assert mask(text) == text


BODY = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6iL9kM2nP5qR8"


@pytest.mark.parametrize(
    "text",
    [
        f"vault login hvs.{BODY}",
        f"NOTION={'ntn_' + BODY[:46]}",
        f"pplx-{BODY}",
        f"glsa_{BODY[:32]}_{BODY[:8]}",
        f"tskey-auth-{BODY[:17]}-{BODY[:32]}",
        f"curl -H 'Authorization: Basic {BODY[:40]}'",
        json.dumps(json.dumps({"said": json.dumps({"api_key": BODY[:32]})})),
    ],
)
def test_tokens_of_other_services_headers_and_json_inside_json_are_hidden(text: str):
    assert BODY[8:24] not in mask(text)


def test_a_token_keeps_its_first_letters_and_a_password_none():
    assert mask(f"use {TOKEN} now") == f"use ghp_{MASK * 36} now"
    assert mask("postgres://app:hunter2x9Q@db/x") == f"postgres://app:{MASK * 10}@db/x"


def test_a_private_key_is_masked_whole_and_keeps_its_lines():
    masked = mask(f"cat key\n{KEY}\ndone")

    assert masked.startswith("cat key\n•") and masked.endswith("•\ndone")
    assert masked.count("\n") == f"cat key\n{KEY}\ndone".count("\n")
    assert not set("MHCAQ") & set(masked)


@pytest.mark.parametrize("secret", [KEY.replace("\n", "\\n"), JWT])
@pytest.mark.parametrize("before", ["\\n", "x", "密钥", " "])
def test_a_key_stands_also_behind_the_n_of_an_escaped_line_end(before: str, secret: str):
    assert secret[40:80] not in mask(before + secret)


@pytest.mark.parametrize("before", ["密钥", "A=1\\n", "\\t", "_", ""])
def test_a_token_stands_also_right_behind_what_is_no_word(before: str):
    assert TOKEN not in mask(f"{before}{TOKEN}。")
    assert mask(f"x{TOKEN}") == f"x{TOKEN}"


def test_a_key_that_was_cut_off_is_masked_to_the_end():
    assert "AQEEIIrY" not in mask(KEY[:-40])


def test_a_secret_inside_another_is_one():
    assert len(list(secrets_in(f"Authorization: Bearer {TOKEN}"))) == 1


@pytest.mark.parametrize("beginning", ["eyJhbGciOi.", "sk-ant-", "-----BEGIN RSA PRIVATE KEY-----\n"])
def test_a_long_text_of_beginnings_is_looked_through_once(beginning: str):
    """A message that somebody filled with them is shown in no more time than its length takes."""
    text = beginning * (300_000 // len(beginning)) + " " + TOKEN

    assert is_hidden(text, TOKEN)


@given(st.text(max_size=300))
def test_masking_keeps_every_offset_and_never_raises(text: str):
    masked = mask(text)

    assert len(masked) == len(text)
    assert all(new in (old, MASK) for old, new in zip(text, masked, strict=True))


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_token_between_spaces_is_always_found(before: str, after: str):
    assert TOKEN not in mask(f"{before} {TOKEN} {after}")


def test_fingerprints_tell_secrets_apart_and_hold_nothing_of_them():
    one, other = fingerprint("github-token", TOKEN), fingerprint("github-token", TOKEN[::-1])

    assert one != other and one == fingerprint("github-token", TOKEN) != fingerprint("jwt", TOKEN)
    assert len(one) == 12 and one not in TOKEN


def test_secrets_are_shown_only_when_somebody_says_so():
    assert hides({}, show_secrets=False) and hides({"redact": "index"}, show_secrets=False)
    assert not hides({}, show_secrets=True) and not hides({"redact": "off"}, show_secrets=False)


def test_the_door_knows_where_every_form_begins():
    assert {each for some in BEGINNINGS.values() for each in some} == {_KEY_BEGINS, _JWT, *_TOKENS}
    assert all(sign in each for sign, some in BEGINNINGS.items() for each in some)

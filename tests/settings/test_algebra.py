"""Layers are stacked, never mixed: what a layer adds changes nothing below it and nothing beside it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cass.settings.quick import SENT_TO, Settings
from cass.settings.table import Setting
from cass.settings.write import value_text
from tests.settings.layering import BAD, SETTABLE, Config, good

# What a layer says of a row: nothing, one of three good values, or a bad one.
SAYS = st.sampled_from([None, 0, 1, 2, "bad"])
SOME = st.dictionaries(st.sampled_from(SETTABLE), SAYS, max_size=6)
Said = dict[Setting, int | str | None]
FLAGGED = st.sampled_from([row for row in SETTABLE if row.flag])


def text_of(row: Setting, says: int | str) -> str:
    return BAD[row.kind] if isinstance(says, str) else good(row, says)[0]


def resolved(in_files: Said, env: Said, flags: dict[str, object] | None = None) -> Settings:
    """The settings where files, environment and flags say this; the config folder's name left out of the origins."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config(Path(folder))
        for name in ("semantic.toml", "cass.toml"):
            config.write(name, "".join(line_of(row, says) for row, says in in_files.items() if row.file == name))
        found = config.load(
            {row.variables[0]: text_of(row, says) for row, says in env.items() if says is not None}, flags
        )
    for key, given_ in found.given.items():
        found.given[key] = [(source, value, origin.replace(folder, "")) for source, value, origin in given_]
    return found


def line_of(row: Setting, says: int | str | None) -> str:
    return "" if says is None else f"{row.key} = {value_text(text_of(row, says))}\n"


@settings(max_examples=60, deadline=None)
@given(SOME, SOME, FLAGGED, st.sampled_from([0, 1, 2]))
def test_a_flag_hides_what_counted_before_and_nothing_else(in_files, env, row: Setting, at: int):
    """Its hides are the former winner and what that hid."""
    before = resolved(in_files, env).effective()
    after = resolved(in_files, env, flags={row.key: good(row, at)[0]}).effective()

    was, now = before.get(row.key), after.get(row.key)
    assert (now.source, now.value) == ("cli", good(row, at)[1])
    assert [(one.source, one.value, one.origin) for one in now.hides] == [
        (was.source, was.value, was.origin),
        *((one.source, one.value, one.origin) for one in was.hides),
    ]
    assert [one for one in after.settings if one.name != row.key] == [
        one for one in before.settings if one.name != row.key
    ]


@settings(max_examples=60, deadline=None)
@given(SOME, SOME, st.sampled_from([row for row in SETTABLE if row.kind not in SENT_TO]))
def test_a_bad_value_is_as_if_it_were_not_there(in_files, env, row: Setting):
    """Apart from the problem."""
    without = resolved(in_files, {**env, row: None})
    with_bad = resolved(in_files, {**env, row: "bad"})

    assert with_bad.effective() == without.effective()
    assert len(with_bad.problems) == len(without.problems) + 1


@settings(max_examples=60, deadline=None)
@given(SOME, SOME)
def test_a_setting_depends_on_nothing_but_what_is_said_of_it(in_files, env):
    whole = resolved(in_files, env).effective()

    for row in {*in_files, *env}:
        alone = resolved({row: in_files.get(row)}, {row: env.get(row)}).effective().get(row.key)
        here = whole.get(row.key)
        assert (alone.value, alone.source, len(alone.hides)) == (here.value, here.source, len(here.hides))


@settings(max_examples=60, deadline=None)
@given(SOME, SOME)
def test_every_good_value_counts_or_is_hidden(in_files, env):
    """Nothing that was read is lost: each is in a value, in a hides or in a problem.

    But for where texts are sent: below an address that cannot be read none counts, lest they go elsewhere.
    """
    in_files = {row: says for row, says in in_files.items() if row.kind not in SENT_TO or env.get(row) != "bad"}
    found = resolved(in_files, env)

    layers = [len(one.hides) for one in found.effective().settings]
    said = [says for layer in (in_files, env) for says in layer.values() if says is not None]
    assert sum(layers) + len(found.problems) == len(said)

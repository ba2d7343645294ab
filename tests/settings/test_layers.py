"""The value of a setting is that of the strongest layer that holds it, and the answer says what it hides."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from cass.errors import UsageError
from cass.policy import CliSemanticOverrides, EffectiveSetting, SemanticMode, SettingSource
from cass.settings.resolve import flags_of
from cass.settings.resolve import semantic as semantic_only
from cass.settings.table import BY_KEY, ROWS, Setting, default_of
from tests.settings.layering import SETTABLE, Config, good

SOURCES = {source.value: source for source in SettingSource}
Layer = tuple[str, object, str | None]


def layers_of(row: Setting) -> list[str]:
    """Every place that may hold a row: its file, each of its variables (the weaker first), its flag."""
    return ["file", *reversed(row.variables), *([row.flag] if row.flag else [])]


def subsets(row: Setting) -> list[tuple[str, ...]]:
    places = layers_of(row)
    return list(chain.from_iterable(combinations(places, count) for count in range(len(places) + 1)))


CASES = [(row, chosen) for row in SETTABLE for chosen in subsets(row)]


@pytest.mark.parametrize("row, chosen", CASES, ids=lambda one: one.key if isinstance(one, Setting) else "+".join(one))
def test_every_combination_of_layers(config: Config, row: Setting, chosen: tuple[str, ...]):
    """Value, source, origin and hides, for every setting and every set of layers that hold it."""
    env: dict[str, str] = {}
    flags: dict[str, object] = {}
    expected: list[Layer] = [("compiled_default", default_of(row), None)]
    if "file" in chosen:
        path = config.write(row.file, f"# a comment\n\n{row.key} = '{good(row, 0)[0]}'\n")
        expected.append(("config", good(row, 0)[1], f"{path}:3"))
    for variable in reversed(row.variables):
        if variable in chosen:
            env[variable] = good(row, 1)[0]
            expected = [one for one in expected if one[0] != "environment"]
            expected.append(("environment", good(row, 1)[1], variable))
    if row.flag in chosen:
        flags[row.key] = good(row, 2)[0]
        expected.append(("cli", good(row, 2)[1], row.flag))

    settings = config.load(env, flags)

    (source, value, origin), *hidden = reversed(expected)
    hides = tuple(EffectiveSetting.Hidden(SOURCES[each[0]], each[1], each[2]) for each in hidden)
    answer = settings.effective().get(row.key)
    assert answer == EffectiveSetting(row.key, value, SOURCES[source], origin, row.variable, hides, row.unit, row.flag)
    assert type(answer.value) is type(value) or isinstance(value, str)
    assert (settings.value(row.key), settings.source(row.key), settings.problems) == (value, source, [])


@pytest.mark.parametrize("row", SETTABLE, ids=lambda row: row.key)
def test_a_variable_that_repeats_the_default_is_the_source(config: Config, row: Setting):
    """Equal values do not make two layers the same."""
    default = default_of(row)
    text = ",".join(default) if isinstance(default, tuple) else str(default)

    answer = config.load({row.variables[0]: text}).effective().get(row.key)

    assert (answer.value, answer.source, answer.origin) == (default, "environment", row.variables[0])
    assert answer.hides == (EffectiveSetting.Hidden(SOURCES["compiled_default"], default),)


def test_without_any_layer_all_is_compiled_in(config: Config):
    """And no folder is made, no file written."""
    found = config.load().effective()

    assert [each.name for each in found.settings] == [row.key for row in ROWS]
    assert found.source_counts() == {"compiled_default": len(ROWS), "config": 0, "environment": 0, "cli": 0}
    assert not config.cache.exists()


def test_the_policy_is_the_typed_record_of_the_semantic_settings(config: Config):
    config.write("semantic.toml", "mode = 'off'\nquality_weight = 1\n")

    policy = config.load({"CASS_SEMANTIC_BUDGET_MB": "77"}).policy()

    assert (policy.mode, policy.quality_weight, policy.semantic_budget_mb) == (SemanticMode.parse("off"), 1.0, 77)
    assert (policy.mode.should_build_semantic, type(policy.quality_weight)) == (False, float)


def test_overrides_of_one_command_are_flags(config: Config):
    overrides = CliSemanticOverrides(semantic_budget_mb=5)

    found = config.load(flags=flags_of(overrides)).effective()

    assert (found.get("semantic_budget_mb").value, found.get("semantic_budget_mb").origin) == (
        5,
        "--semantic-budget-mb",
    )
    assert found.get("mode").source == "compiled_default"


def test_the_semantic_settings_can_be_had_alone(config: Config):
    names = [each.name for each in semantic_only(config.load()).settings]

    assert names == [row.key for row in ROWS if row.file == "semantic.toml"]


def test_variables_that_contradict_each_other_are_a_problem(config: Config):
    """The one with the setting's own name counts."""
    settings = config.load({"CASS_SEMANTIC_EMBEDDER": "hash", "CASS_SEMANTIC_QUALITY_TIER_EMBEDDER": "minilm"})

    (problem,) = settings.problems
    assert settings.effective().get("quality_tier_embedder").origin == "CASS_SEMANTIC_QUALITY_TIER_EMBEDDER"
    assert (problem.key, problem.origin, problem.text) == ("quality_tier_embedder", "CASS_SEMANTIC_EMBEDDER", "hash")


def test_two_spellings_of_one_value_do_not_contradict(config: Config):
    assert config.load({"CASS_SEMANTIC_WAIT_MS": "1s", "CASS_SEMANTIC_SEMANTIC_WAIT_MS": "1000"}).problems == []


def test_a_flag_that_is_bad_is_a_usage_error(config: Config):
    with pytest.raises(UsageError) as raised:
        config.load(flags={"quality_weight": "1.5"})

    assert str(raised.value) == (
        "'1.5' is no value for quality_weight (--semantic-quality-weight). Use a number from 0.0 to 1.0."
    )


def test_values_are_typed(config: Config):
    """For verbs that know what they ask for."""
    settings = config.load({"CASS_SEARCH_TIMEOUT_S": "2s", "CASS_SOURCES_DISABLED": "aider"})

    assert (settings.whole("search.limit"), settings.number("search.timeout_s")) == (10, 2.0)
    assert (settings.text("search.refresh"), settings.names("sources.disabled")) == ("auto", ("aider",))


def test_what_is_no_setting_has_no_value(config: Config):
    with pytest.raises(KeyError):
        config.load().value("search.limt")
    assert "search.limt" not in BY_KEY

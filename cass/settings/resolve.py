"""The answer to "what is X": the value of the highest layer that holds X, where it stood, and what it hides."""

from __future__ import annotations

from cass.policy import EffectiveSetting, EffectiveSettings, SemanticPolicy, SettingSource
from cass.records import replace
from cass.settings.hot import SEMANTIC_FILE
from cass.settings.quick import DEFAULT
from cass.settings.table import BY_KEY, ROWS, Setting, default_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.policy import CliSemanticOverrides
    from cass.settings.quick import Settings


def effective(settings: Settings) -> EffectiveSettings:
    """Every setting in the table's order: the semantic ones, then the others."""
    return EffectiveSettings(tuple(_effective(row, settings) for row in ROWS))


def semantic(settings: EffectiveSettings) -> EffectiveSettings:
    """The semantic settings alone."""
    chosen = (each for each in settings.settings if BY_KEY[each.name].file == SEMANTIC_FILE)
    return EffectiveSettings(tuple(chosen))


def policy(settings: Settings) -> SemanticPolicy:
    """The semantic settings as one typed record."""
    values = {row.key: settings.value(row.key) for row in ROWS if row.file == SEMANTIC_FILE}
    return replace(SemanticPolicy.compiled_defaults(), **values)


def flags_of(overrides: CliSemanticOverrides) -> dict[str, object]:
    """What `quick.load` takes as flags."""
    return {row.key: getattr(overrides, row.key) for row in ROWS if row.flag and row.file == SEMANTIC_FILE}


def _effective(row: Setting, settings: Settings) -> EffectiveSetting:
    default = (DEFAULT, default_of(row), None)
    (source, value, origin), *hidden = [*reversed(settings.given.get(row.key, [])), default]
    return EffectiveSetting(
        name=row.key,
        value=value,
        source=SOURCES[source],
        origin=origin,
        env_var=row.variable,
        hides=tuple(EffectiveSetting.Hidden(SOURCES[source], value, origin) for source, value, origin in hidden),
        unit=row.unit,
        flag=row.flag,
    )


SOURCES = {source.value: source for source in SettingSource}

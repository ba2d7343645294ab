"""What a hot command must not import: each of these costs a cold search milliseconds."""

HEAVY = frozenset(
    (
        "argparse",
        "asyncio",
        "click",
        "dataclasses",
        "enum",
        "fastembed",
        "filelock",
        "importlib.metadata",
        "inspect",
        "json",
        "logging",
        "numpy",
        "pathlib",
        "platformdirs",
        "psutil",
        "pydantic",
        "re",
        "rich",
        "subprocess",
        "tempfile",
        "tomllib",
        "typer",
        "typing",
        "usearch",
    )
)

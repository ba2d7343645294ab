"""How well cass finds things: questions whose right answers are known, asked in process.

    python -m benchmarks.quality                 all sets, modes `lexical` and `fts5`
    python -m benchmarks.quality --modes all --models FOLDER --write

`README.md` beside this file says what the sets are made of.
"""

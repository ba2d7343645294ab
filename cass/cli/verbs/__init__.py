"""One file a command: `run(options)` does it and answers the exit code."""

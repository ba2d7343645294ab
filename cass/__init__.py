"""cass finds anything that a developer and their coding agents ever said on this machine."""

__version__ = "0.1.0"

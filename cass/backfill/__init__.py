"""Give every text that counts its vectors: the work itself; who asks for it and when is decided elsewhere."""

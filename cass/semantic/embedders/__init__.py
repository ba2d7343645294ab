"""What turns texts into vectors: one file an embedder, one table that knows them all."""

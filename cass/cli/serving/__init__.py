"""What `cass serve` answers over HTTP: the commands' own JSON, by the commands' own options."""

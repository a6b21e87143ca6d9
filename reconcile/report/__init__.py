"""The tellings: each writes one kind of output from one Outcome."""

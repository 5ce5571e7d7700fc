"""What only *From maps to an answer* shows."""

"""What only *Questions* shows."""

"""What only *How weights change* shows."""

"""What only *Pooling* shows."""

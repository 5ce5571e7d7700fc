"""What only *A layer* shows."""

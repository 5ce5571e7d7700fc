"""What only *One kernel* shows."""

"""What only *One photo, all layers* shows."""

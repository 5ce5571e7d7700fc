"""How Keras trains: networks, batches, one attempt at a run, and what all that costs."""

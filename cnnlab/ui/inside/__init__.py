"""What only *What it learned* shows: a file a view."""

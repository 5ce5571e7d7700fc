"""What only the page that trains shows: the form, a run under way, what one takes home."""

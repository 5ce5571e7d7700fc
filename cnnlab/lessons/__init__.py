"""Questions whose answers are computed, the votes of a class, and the links that open a lesson as set."""

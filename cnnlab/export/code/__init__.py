"""A run as code that anybody can read: plain Keras in a script or a notebook."""

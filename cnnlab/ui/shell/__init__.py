"""The frame of every page: the way round, news of the class, what the terminal reads at the start."""

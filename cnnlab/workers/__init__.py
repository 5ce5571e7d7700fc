"""The processes that train and look, by Dask, which no other package knows."""

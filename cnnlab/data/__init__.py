"""Pictures in: the data sets, photos of any kind, drawn digits."""

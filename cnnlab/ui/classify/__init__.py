"""The parts of the page that lets a network classify a photo, one file each."""

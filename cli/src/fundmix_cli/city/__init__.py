"""Loads the files of a city through the public APIs, as the persons whom the rules ask for."""

"""Calls the services over HTTP: finds them, signs in, and asks again while they are away."""

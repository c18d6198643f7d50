"""The command fundmix: runs an installation, loads a city, asks the services."""

"""Stands in for a service: has its parts, its migration and its /readyz, and nothing else."""

"""One file per group of commands; `fundmix_cli.main` puts them together."""

"""The `retail` command: the platform from a terminal, one file a command."""

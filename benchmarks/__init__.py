"""What `make bench` runs. See README.md in this folder."""

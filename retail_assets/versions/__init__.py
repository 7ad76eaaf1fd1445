"""Dataset versions: immutable, numbered snapshots of a dataset of the lake, each with a manifest."""

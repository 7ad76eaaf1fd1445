"""Declared sources: data of other systems, each a few lines of ``sources.yaml`` and a contract.

Whatever the kind of source, its files are read once a content into typed rows and rejected rows; one small file, the
state, names what was read. Datasets are queries over that.
"""

"""JSON APIs: asked page by page, patiently, and kept as JSON Lines until they are read like any file."""

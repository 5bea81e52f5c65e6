"""The state of the pipeline: what arrives, what waits, what could not be stored, and who works."""

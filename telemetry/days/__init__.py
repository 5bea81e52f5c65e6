"""What became of each day, put together in the night after it."""

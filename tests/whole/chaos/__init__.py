"""A house in which everything fails at random, and an account of what became of every message and command."""

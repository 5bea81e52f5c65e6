"""What heat pumps are set to, and what they are wanted to be set to."""

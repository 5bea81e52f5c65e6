"""Messages that could not be stored, kept for people to look at, correct and send again."""

"""From what people say to requests: words, names and numbers are found in a text, and the cards that fit them best."""

"""The first page: what the house does now, and what needs a person's attention."""

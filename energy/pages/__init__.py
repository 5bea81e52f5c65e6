"""The energy page: what its address asks for, what that shows, and how it is said."""

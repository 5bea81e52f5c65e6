"""Commands on their way to heat pumps, until a reading shows that they have arrived."""

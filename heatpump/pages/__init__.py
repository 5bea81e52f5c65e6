"""The page of the heat pump."""

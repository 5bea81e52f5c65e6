"""The page of the rooms: its ranges, curves and tables."""

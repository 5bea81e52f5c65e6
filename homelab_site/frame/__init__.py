"""What every page has: the choice of theme and language, the navigation, and a page for when a database is away."""

"""Messages that are wrong in every way that we could think of, among good ones that must all become rows."""

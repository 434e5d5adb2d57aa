"""Define the error that says why a file cannot be used as a table; users read it."""


class UnreadableData(Exception):
    """A file is no table; the text is one sentence for the person who uploaded it."""

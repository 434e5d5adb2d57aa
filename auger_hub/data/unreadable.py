"""Why a file cannot be used as a table: the one error of this package that a user reads."""


class UnreadableData(Exception):
    """A file is no table; the text is one sentence for the person who uploaded it."""

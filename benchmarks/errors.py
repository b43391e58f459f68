"""The one error that users see: it says what was given, what was expected, and what mends it."""


class CannotJudgeError(Exception):
    """Something that is needed for a verdict is missing or wrong; exit code 2."""

"""How many worlds a single law is tried in, beside the profile's number (see conftest)."""

from hypothesis import settings

_OF_THE_PROFILE = settings().max_examples
FEWER = settings(max_examples=_OF_THE_PROFILE // 2)  # each world is a whole life of a project

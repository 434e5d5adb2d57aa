"""The models that are fitted for the tests of models."""

from tests.hub.models.conftest import iris_model, make_model

__all__ = ["iris_model", "make_model"]

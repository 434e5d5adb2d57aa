"""The import path that users know: `from auger.api import Context, Project`."""

from auger_reconcile.api import *  # noqa: F403 - all of it, under another name
from auger_reconcile.api import __all__ as __all__

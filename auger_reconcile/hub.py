"""Pass `python -m auger_reconcile.hub` on to the hub, which is a package of its own now.

Services and scripts of older installations start it by this name. It stays until 1.0.
"""

import runpy

if __name__ == "__main__":
    runpy.run_module("auger_hub", run_name="__main__", alter_sys=True)

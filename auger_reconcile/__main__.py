"""`python -m auger_reconcile` is `auger`."""

from auger_reconcile.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())

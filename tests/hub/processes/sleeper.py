"""A child that lives until it is ended."""

import sys
import time

if __name__ == "__main__":
    sys.stdout.write("asleep\n")
    sys.stdout.flush()
    time.sleep(120)

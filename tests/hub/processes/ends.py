"""Ends with the number or the sentence that it is given, and says when that is done."""

import atexit
import sys

atexit.register(print, "what was left was done")

if __name__ == "__main__":
    told = sys.argv[1]
    sys.exit(int(told) if told.isdecimal() else told or None)

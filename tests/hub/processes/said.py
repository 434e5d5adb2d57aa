"""A child that says what it found when it began."""

import os
import sys
import threading

if __name__ == "__main__":
    found = " ".join(name for name in sys.argv[1].split() if name in sys.modules)
    alone = "in a session of its own" if os.getsid(0) == os.getpid() else "in another's session"
    sys.stdout.write(f"{found}\n{alone}, with {threading.active_count()} thread\n")

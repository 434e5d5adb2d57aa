"""Writers that meet in one database, whichever it is."""

import threading

from auger_hub.database.engine import Database
from auger_hub.database.tables import Secret


def count_at_once(database: Database) -> None:
    """Count to 60 in a row called `count`: three threads, twenty transactions each."""
    with database.write() as session:
        session.add(Secret(name="count", value="0"))

    def count_up() -> None:
        for _ in range(20):
            with database.write() as session:
                secret = session.get_one(Secret, "count")
                secret.value = str(int(secret.value) + 1)

    threads = [threading.Thread(target=count_up) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

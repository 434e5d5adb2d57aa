"""Run programs that search for a model in a given time, each in an environment of its own.

Each is called as `python FILE TRAIN TEST OUT '{"kind", "metric", "seconds", "seed", "folds",
"cores"}'` and writes the predictions for TEST as a CSV file: one column a class with its
probability, or the column `prediction`. What all of them read and write is
`exchange.py`.
"""

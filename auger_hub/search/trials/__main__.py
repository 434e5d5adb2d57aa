"""Call one function in this process: `python -m auger_hub.search.trials`, see `process_call`."""

from auger_hub.search.trials.process_call import answer_call

if __name__ == "__main__":
    answer_call()

"""Name what a feature column is made into: plain texts, stored with runs and in models.

The process of a run knows them without the pandas that `columns` needs; exports carry them along.
"""

NUMBER = "number"  # a float, missing or not
CODE = "code"  # a number that may be the name of something: of few values
CATEGORY = "category"  # a text of few values
MANY = "many"  # a text of many values
PHRASE = "phrase"  # a text of many values that are made of words: a name, a list of genres
TEXT = "text"  # words
DATE = "date"  # becomes the numbers of the calendar

MISSING_TEXT = "(missing)"  # the category of a missing value

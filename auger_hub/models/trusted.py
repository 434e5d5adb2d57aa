"""List the types that a stored model may be made of, besides the ones skops trusts by itself.

A model that holds another type is refused both when it is stored and when it is loaded, so a file
cannot bring code of its own. None of these types runs code that comes out of the file. What an
algorithm is made of stands in its record; an exported model carries the list of its time along.
"""

from auger_hub.search.algorithms.registry import all_algorithms

_OF_ANY_MODEL = (
    # the hub's own steps; the export carries them under another name
    "auger_hub.search.columns.CleanColumns",
    "auger_hub.search.pipelines.bag.BagClassifier",
    "auger_hub.search.pipelines.bag.BagRegressor",
    "auger_hub.search.pipelines.forecast.LaggedForecaster",
    "auger_hub.search.pipelines.heavy_tail.SignedLog",
    "auger_hub.search.pipelines.intervals.IntervalForecaster",
    # plain values
    "builtins.slice",
    "collections.OrderedDict",
    "collections.defaultdict",
    "numpy.dtype",
    # preprocessing
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.utils._bunch.Bunch",
)
TRUSTED: list[str] = sorted(
    {*_OF_ANY_MODEL, *(t for one in all_algorithms().values() for t in one.stored_types)}
)

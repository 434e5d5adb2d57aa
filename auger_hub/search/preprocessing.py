"""Which preprocessing each algorithm needs: all that pipelines know about the algorithms."""

from __future__ import annotations

from enum import Enum


class Family(Enum):
    """How the columns are made ready."""

    LINEAR = "linear"  # scaled numbers, one-hot categories
    SCALED_TARGET = "scaled target"  # the same, and the target is scaled too
    FOREST = "forest"  # imputed numbers, ordinal categories
    BOOSTING = "boosting"  # numbers as they are, ordinal categories

    @property
    def needs_scaling(self) -> bool:
        """Tell whether distances or weights would suffer from differing scales."""
        return self in (Family.LINEAR, Family.SCALED_TARGET)


FAMILIES = {
    "sklearn.dummy.DummyClassifier": Family.BOOSTING,
    "sklearn.dummy.DummyRegressor": Family.BOOSTING,
    "sklearn.linear_model.LogisticRegression": Family.LINEAR,
    "sklearn.svm.SVC": Family.LINEAR,
    "sklearn.ensemble.ExtraTreesClassifier": Family.FOREST,
    "sklearn.ensemble.RandomForestClassifier": Family.FOREST,
    "lightgbm.LGBMClassifier": Family.BOOSTING,
    "sklearn.ensemble.HistGradientBoostingClassifier": Family.BOOSTING,
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis": Family.LINEAR,
    "sklearn.neural_network.MLPClassifier": Family.LINEAR,
    "sklearn.neighbors.KNeighborsClassifier": Family.LINEAR,
    "sklearn.linear_model.Ridge": Family.LINEAR,
    "sklearn.linear_model.ElasticNet": Family.SCALED_TARGET,
    "sklearn.svm.SVR": Family.SCALED_TARGET,
    "sklearn.ensemble.ExtraTreesRegressor": Family.FOREST,
    "sklearn.ensemble.RandomForestRegressor": Family.FOREST,
    "lightgbm.LGBMRegressor": Family.BOOSTING,
    "sklearn.ensemble.HistGradientBoostingRegressor": Family.BOOSTING,
    "sklearn.neural_network.MLPRegressor": Family.SCALED_TARGET,
    "sklearn.neighbors.KNeighborsRegressor": Family.LINEAR,
    "auger_hub.search.forecast.SeasonalNaive": Family.BOOSTING,
}
ENSEMBLES = ("sklearn.ensemble.VotingClassifier", "sklearn.ensemble.VotingRegressor")

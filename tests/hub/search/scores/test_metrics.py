from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pytest
from sklearn import metrics as sk

from auger_hub.search.scores.metrics import Outcome, all_scores, metrics_for

TRUTH = np.array([0, 0, 1, 1, 1, 0])
SHOWN = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3], [0.1, 0.9], [0.8, 0.2]])
BINARY = Outcome.of(TRUTH, SHOWN, TRUTH)
VALUES = Outcome.of(
    np.array([3.0, 5.0, 4.0, 8.0]), np.array([4.0, 5.0, 6.0, 7.0]), np.array([1.0, 2.0, 4.0, 3.0])
)
MULTICLASS = {
    *("balanced_accuracy", "neg_brier", "roc_auc_ovr", "roc_auc_ovr_weighted"),
    *("accuracy", "f1_macro", "f1_micro", "f1_weighted", "neg_log_loss"),
    *("precision_macro", "precision_micro", "precision_weighted"),
    *("recall_macro", "recall_micro", "recall_weighted"),
}
ONLY_BINARY = {
    *("average_precision", "f1", "precision", "recall", "roc_auc", "gini"),
    *("cohen_kappa_score", "matthews_corrcoef"),
}
WITHOUT_SCORER = {"gini", "cohen_kappa_score", "matthews_corrcoef", "neg_brier"}
OF_VALUES = {
    *("explained_variance", "neg_median_absolute_error", "neg_mean_absolute_error"),
    *("neg_mean_squared_error", "neg_mean_squared_log_error", "r2"),
    *("neg_rmsle", "neg_mase", "mda", "neg_rmse", "neg_mape", "neg_smape"),
    *("neg_pinball_10", "neg_pinball_50", "neg_pinball_90"),
}


def scores(outcome: Outcome) -> dict[str, float]:
    model_type = "regression" if outcome.probabilities is None else "classification"
    classes = 0 if outcome.probabilities is None else outcome.probabilities.shape[1]
    return all_scores(outcome, metrics_for(model_type, classes))


def test_every_metric_of_the_run_file_is_there() -> None:
    assert set(metrics_for("classification", 3)) == MULTICLASS
    assert set(metrics_for("classification", 2)) == MULTICLASS | ONLY_BINARY
    assert set(metrics_for("regression", 0)) == set(metrics_for("timeseries", 0)) == OF_VALUES


@pytest.mark.parametrize("name", sorted((MULTICLASS | ONLY_BINARY) - WITHOUT_SCORER))
def test_metrics_of_classes_equal_scikit_learns_scorers(name: str) -> None:
    class Fixed:
        _estimator_type = "classifier"
        classes_ = np.array([0, 1])

        def fit(self, _x: object, _y: object) -> "Fixed":
            return self

        def predict(self, _x: object) -> np.ndarray:
            return SHOWN.argmax(axis=1)

        def predict_proba(self, _x: object) -> np.ndarray:
            return SHOWN

        def __sklearn_tags__(self) -> object:
            from sklearn.dummy import DummyClassifier

            return DummyClassifier().__sklearn_tags__()

    expected = sk.get_scorer(name)(Fixed(), np.zeros((6, 1)), TRUTH)
    assert scores(BINARY)[name] == pytest.approx(expected)


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_averages_over_classes_equal_scikit_learns(name: str, average: str) -> None:
    random = np.random.default_rng(4)
    truth, shown = random.integers(0, 4, 60), random.random((60, 5))
    found = scores(Outcome.of(truth, shown, truth))[f"{name}_{average}"]
    function = getattr(sk, f"{name}_score")
    expected = function(truth, shown.argmax(axis=1), average=average, zero_division=0)
    assert found == pytest.approx(expected)


def test_agreement_metrics_equal_scikit_learns_functions() -> None:
    predicted = SHOWN.argmax(axis=1)
    found = scores(BINARY)
    assert found["cohen_kappa_score"] == pytest.approx(sk.cohen_kappa_score(TRUTH, predicted))
    assert found["matthews_corrcoef"] == pytest.approx(sk.matthews_corrcoef(TRUTH, predicted))


def test_gini_is_twice_the_area_minus_one() -> None:
    assert scores(BINARY)["gini"] == pytest.approx(2 * scores(BINARY)["roc_auc"] - 1)


def test_errors_are_negative() -> None:
    found = scores(VALUES)
    assert found["neg_mean_absolute_error"] == -1.0
    assert found["neg_mean_squared_error"] == -1.5
    assert found["neg_rmse"] == pytest.approx(-np.sqrt(1.5))
    assert found["neg_median_absolute_error"] == -1.0
    assert found["neg_rmsle"] == pytest.approx(-np.sqrt(-found["neg_mean_squared_log_error"]))


def test_scaled_error_is_measured_against_the_naive_forecast_of_the_training_rows() -> None:
    # |1| |0| |2| |1| is 1 on average; the history moves by 1, 2 and 1, 4/3 on average
    assert scores(VALUES)["neg_mase"] == pytest.approx(-0.75)


def test_scaled_error_is_undefined_when_the_training_rows_never_change() -> None:
    flat = Outcome.of(np.array([1.0, 2.0]), np.array([1.0, 1.0]), np.array([3.0, 3.0]))
    assert "neg_mase" not in scores(flat)


def test_direction_counts_moves_from_the_last_true_value() -> None:
    # truth moves 3->3 0, 3->5 +, 5->4 -, 4->8 +; predictions + + + +
    assert scores(VALUES)["mda"] == 0.5


def test_negative_predictions_count_as_zero_under_a_logarithm() -> None:
    found = scores(Outcome.of(np.array([1.0, 0.0]), np.array([1.0, -3.0]), np.array([1.0, 2.0])))
    assert found["neg_mean_squared_log_error"] == 0.0


def test_negative_truth_leaves_the_logarithmic_metrics_out() -> None:
    found = scores(Outcome.of(np.array([1.0, -2.0]), np.array([1.0, 1.0]), np.array([1.0, 2.0])))
    assert not {"neg_rmsle", "neg_mean_squared_log_error"} & set(found)


def test_a_fold_of_a_single_class_has_no_area_under_the_curve() -> None:
    found = scores(Outcome.of(np.array([1, 1]), SHOWN[:2], TRUTH))
    assert "roc_auc" not in found
    assert found["accuracy"] == 0.5


def random_classes(seed: int, classes: int) -> Outcome:
    """Some classes are rare, some never predicted; probabilities are often equal."""
    random = np.random.default_rng(seed)
    rows = int(random.integers(30, 200))
    truth = random.choice(classes, rows, p=random.dirichlet(np.full(classes, 0.7)))
    truth[:classes] = np.arange(classes)
    shown = np.round(random.dirichlet(np.ones(classes), rows), int(random.integers(1, 4))) + 1e-3
    return Outcome.of(truth, shown / shown.sum(axis=1, keepdims=True), truth)


def random_values(seed: int) -> Outcome:
    random = np.random.default_rng(seed)
    rows = int(random.integers(5, 200))
    truth, history = random.gamma(1.0, 10.0, rows), random.gamma(1.0, 10.0, 50)
    return Outcome.of(truth, truth + random.normal(scale=4.0, size=rows), history)


def averages(name: str) -> dict[str, Callable[[Outcome], float]]:
    function = getattr(sk, f"{name}_score")
    return {
        f"{name}_{average}": partial(on_labels, partial(function, average=average, zero_division=0))
        for average in ("macro", "micro", "weighted")
    }


def on_labels(function: Callable[..., float], outcome: Outcome) -> float:
    return float(function(outcome.truth, outcome.predicted))


def on_chances(function: Callable[..., float], outcome: Outcome) -> float:
    assert outcome.probabilities is not None
    return float(function(outcome.truth, outcome.probabilities[:, 1]))


def negative(function: Callable[..., float]) -> Callable[[Outcome], float]:
    return lambda outcome: -on_labels(function, outcome)


def above_zero(function: Callable[..., float]) -> Callable[[Outcome], float]:
    return lambda outcome: -float(function(outcome.truth, np.clip(outcome.predicted, 0, None)))


def mase(outcome: Outcome) -> float:
    steps = [abs(b - a) for a, b in zip(outcome.history, outcome.history[1:], strict=False)]
    errors = [abs(t - p) for t, p in zip(outcome.truth, outcome.predicted, strict=True)]
    return -(sum(errors) / len(errors)) / (sum(steps) / len(steps))


def mda(outcome: Outcome) -> float:
    before = [outcome.history[-1], *outcome.truth[:-1]]
    triples = zip(before, outcome.truth, outcome.predicted, strict=True)
    hits = [np.sign(t - b) == np.sign(p - b) for b, t, p in triples]
    return sum(hits) / len(hits)


def brier(outcome: Outcome) -> float:
    assert outcome.probabilities is not None
    pairs = zip(outcome.truth, outcome.probabilities, strict=True)
    classes = outcome.probabilities.shape[1]
    losses = [
        sum((float(label == truth) - share[label]) ** 2 for label in range(classes))
        for truth, share in pairs
    ]
    return -sum(losses) / len(losses) / (2 if classes == 2 else 1)


def one_versus_rest(average: str, outcome: Outcome) -> float:
    shown = outcome.probabilities
    assert shown is not None
    if shown.shape[1] == 2:
        return float(sk.roc_auc_score(outcome.truth, shown[:, 1]))
    return float(sk.roc_auc_score(outcome.truth, shown, multi_class="ovr", average=average))


def smape(outcome: Outcome) -> float:
    pairs = zip(outcome.truth, outcome.predicted, strict=True)
    return -sum(2 * abs(t - p) / (abs(t) + abs(p)) for t, p in pairs) / len(outcome.truth)


REFERENCE: dict[str, Callable[[Outcome], float]] = {
    "accuracy": partial(on_labels, sk.accuracy_score),
    "balanced_accuracy": partial(on_labels, sk.balanced_accuracy_score),
    "neg_brier": brier,
    "roc_auc_ovr": partial(one_versus_rest, "macro"),
    "roc_auc_ovr_weighted": partial(one_versus_rest, "weighted"),
    **averages("f1"),
    **averages("precision"),
    **averages("recall"),
    "neg_log_loss": lambda o: (
        -sk.log_loss(o.truth, o.probabilities, labels=range(o.probabilities.shape[1]))
    ),
}
BINARY_REFERENCE: dict[str, Callable[[Outcome], float]] = {
    "average_precision": partial(on_chances, sk.average_precision_score),
    "roc_auc": partial(on_chances, sk.roc_auc_score),
    "gini": lambda o: 2 * on_chances(sk.roc_auc_score, o) - 1,
    "f1": partial(on_labels, partial(sk.f1_score, zero_division=0)),
    "precision": partial(on_labels, partial(sk.precision_score, zero_division=0)),
    "recall": partial(on_labels, partial(sk.recall_score, zero_division=0)),
    "cohen_kappa_score": partial(on_labels, sk.cohen_kappa_score),
    "matthews_corrcoef": partial(on_labels, sk.matthews_corrcoef),
}
VALUES_REFERENCE: dict[str, Callable[[Outcome], float]] = {
    "explained_variance": partial(on_labels, sk.explained_variance_score),
    "r2": partial(on_labels, sk.r2_score),
    "neg_median_absolute_error": negative(sk.median_absolute_error),
    "neg_mean_absolute_error": negative(sk.mean_absolute_error),
    "neg_mean_squared_error": negative(sk.mean_squared_error),
    "neg_rmse": negative(sk.root_mean_squared_error),
    "neg_mean_squared_log_error": above_zero(sk.mean_squared_log_error),
    "neg_rmsle": above_zero(sk.root_mean_squared_log_error),
    "neg_mape": negative(sk.mean_absolute_percentage_error),
    "neg_smape": smape,
    "neg_pinball_10": negative(partial(sk.mean_pinball_loss, alpha=0.1)),
    "neg_pinball_50": negative(partial(sk.mean_pinball_loss, alpha=0.5)),
    "neg_pinball_90": negative(partial(sk.mean_pinball_loss, alpha=0.9)),
    "neg_mase": mase,
    "mda": mda,
}


def test_every_metric_has_a_reference() -> None:
    assert set(REFERENCE) == MULTICLASS
    assert set(BINARY_REFERENCE) == ONLY_BINARY
    assert set(VALUES_REFERENCE) == OF_VALUES


def check_against(reference: Mapping[str, Callable[[Outcome], float]], outcome: Outcome) -> None:
    """Compare every metric of a reference; those that differ are shown by name."""
    found = scores(outcome)
    expected = {name: compute(outcome) for name, compute in reference.items()}
    assert {name: found[name] for name in reference} == pytest.approx(
        expected, abs=1e-12, rel=1e-12
    )


@pytest.mark.parametrize("seed", range(10))
def test_metrics_of_many_classes_equal_their_reference(seed: int) -> None:
    check_against(REFERENCE, random_classes(seed, classes=2 + seed % 5))


@pytest.mark.parametrize("seed", range(10))
def test_metrics_of_two_classes_equal_their_reference(seed: int) -> None:
    check_against(BINARY_REFERENCE, random_classes(seed, classes=2))


@pytest.mark.parametrize("seed", range(10))
def test_metrics_of_values_equal_their_reference(seed: int) -> None:
    check_against(VALUES_REFERENCE, random_values(seed))


@pytest.mark.skipif(not hasattr(sk, "d2_brier_score"), reason="scikit-learn before 1.8")
@pytest.mark.parametrize("seed", range(5))
def test_the_brier_score_equals_scikit_learns(seed: int) -> None:
    outcome = random_classes(seed, classes=2 + seed % 4)
    labels = np.arange(outcome.probabilities.shape[1])
    expected = -sk.brier_score_loss(outcome.truth, outcome.probabilities, labels=labels)
    assert scores(outcome)["neg_brier"] == pytest.approx(expected, abs=1e-12, rel=1e-12)


def test_two_zeros_are_no_symmetric_error() -> None:
    outcome = Outcome.of(np.array([0.0, 2.0]), np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    assert scores(outcome)["neg_smape"] == pytest.approx(-1 / 3)


def test_a_class_that_a_fold_lacks_leaves_one_versus_rest_undefined() -> None:
    shown = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.6, 0.2, 0.2]])
    found = scores(Outcome.of(np.array([0, 1, 0]), shown, TRUTH))
    assert "roc_auc_ovr" not in found
    assert {"accuracy", "balanced_accuracy", "neg_brier"} <= set(found)


@pytest.mark.parametrize(
    ("truth", "shown"),
    [
        (TRUTH, SHOWN),
        (np.array([0, 1, 2, 2, 1, 0]), np.random.default_rng(0).dirichlet([1, 1, 1], 6)),
        (np.arange(1.0, 7.0) ** 1.3, np.array([2.0, 2.0, 5.0, 4.0, 9.0, 6.0])),
    ],
    ids=["two classes", "three classes", "values"],
)
def test_a_row_of_weight_three_counts_as_three_rows(truth: np.ndarray, shown: np.ndarray) -> None:
    weights = np.array([3, 1, 2, 1, 1, 2])
    often = np.repeat(np.arange(6), weights)
    told = scores(Outcome.of(truth, shown, truth, weights.astype(float)))
    repeated = scores(Outcome.of(truth[often], shown[often], truth))
    in_order = {"mda", "neg_median_absolute_error"}  # of neighbours; between two middle rows
    assert told.keys() == repeated.keys()
    assert {n: s for n, s in told.items() if n not in in_order} == pytest.approx(
        {n: s for n, s in repeated.items() if n not in in_order}
    )

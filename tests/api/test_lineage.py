"""The lineage of a prediction of the real hub."""

from __future__ import annotations

from pathlib import Path

from auger_reconcile.api import Model
from tests.api.conftest import OpenContext, Trained


def test_a_prediction_leads_to_the_hash_of_its_data_and_the_applies_that_made_it(
    trained: Trained, open_context: OpenContext, tmp_path: Path
) -> None:
    context = open_context(trained.folder)
    client = context.session.client
    asked = {"pipeline_id": trained.model_id, "records": [[5.1, 3.5, 1.4, 0.2]]}
    asked["features"] = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    prediction = client.call("POST", "predictions", asked)
    found = Model(context).lineage(str(prediction["id"]))
    kinds = [one.kind for one in found.origins]
    assert [kind for kind in kinds if kind != "apply"] == [
        *("prediction", "model", "trial", "run", "experiment", "dataset"),
    ]
    assert kinds.count("apply") == 3, "the model, the run and the data set were made one by one"
    assert len(found.origins[kinds.index("dataset")].facts["sha256"]) == 64
    assert found.notices == ()

"""`auger model`: what it refuses before a hub is asked."""

import pytest

from tests.cli.conftest import User


@pytest.mark.parametrize("options", [["--format", "joblib"], ["--format", "mlflow"]])
def test_a_folder_does_not_go_to_standard_output(user: User, options: list[str]) -> None:
    answer = user.run("model", "export", "T1", "--out", "-", *options)
    assert answer.code == 64
    assert "name a path" in answer.err


def test_a_zip_and_json_do_not_go_the_same_way(user: User) -> None:
    answer = user.run("--json", "model", "export", "T1", "--out", "-")
    assert answer.code == 64

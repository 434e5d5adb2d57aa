import pytest

from auger_reconcile.redact import quote_foreign, redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJlbWFpbCI6ImFAYi5jIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        '{"id": 1, "token": "S3CRET-value"}',
        '{\\"project_api_token\\": \\"S3CRET-value\\"}',
        "{'password': 'S3CRET-value'}",
        "password=S3CRET-value&email=a",
        "AUGER_TOKEN = S3CRET-value",
        "https://user:S3CRET-value@hub.example/x",
        "https://bucket.example/files/a.csv?X-Amz-Signature=S3CRET-value&X-Amz-Date=1",
        "see https://storage.example/x?sig=S3CRET-value, please",
        "Authorization: Bearer S3CRET-value",
        '"x-amz-security-token": "S3CRET-value"',
    ],
)
def test_values_with_a_secret_name_are_removed(text):
    assert "S3CRET" not in redact(text)


def test_a_json_web_token_is_removed_wherever_it_stands():
    assert redact(f"got {JWT}, sorry") == "got [hidden], sorry"


def test_a_known_secret_is_removed_wherever_it_stands():
    assert redact("abc0123456789 is wrong", ["0123456789", None, ""]) == "abc[hidden] is wrong"


def test_a_longer_secret_is_removed_whole_though_it_holds_a_shorter_one():
    assert redact("abcdefgh", ["abcd", "abcdefgh"]) == "[hidden]"


def test_a_very_short_secret_does_not_eat_the_text():
    assert redact("a banana", ["a"]) == "a banana"


@pytest.mark.parametrize(
    "text",
    [
        "Couldn't find Experiment",
        "files/churn.csv, 1.2 MB, sha256 3f2a9c",
        "Email or password incorrect",
        "https://app.auger.ai/api/v1/projects/12",
        "param records: records should be an array",
        "the hub answered without a token",
    ],
)
def test_ordinary_text_stays_as_it_is(text):
    assert redact(text) == text


def test_the_name_beside_a_secret_stays_readable():
    assert redact('{"token": "abcdefgh", "id": 3}') == '{"token": "[hidden]", "id": 3}'


def test_foreign_words_become_one_short_line_that_cannot_steer_a_terminal():
    assert quote_foreign("a\x1b[31m\r\nb\tc" + "x" * 100, limit=20) == "a [31m b cxxxxxxxxx…"

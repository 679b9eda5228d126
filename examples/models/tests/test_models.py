"""The model and its API."""

import os

import pytest

MODEL = '{"name": "flats-1", "base": 20000, "per_square_metre": 3000, "per_year": 500}'
os.environ.update(MODEL=MODEL, API_KEY="secret")

from fastapi.testclient import TestClient  # noqa: E402

from app.main import app  # noqa: E402
from app.model import PriceModel  # noqa: E402


def test_prices_are_linear_and_not_negative():
    """By size and age."""
    model = PriceModel.from_json(MODEL)
    assert model.price(50, 10) == 165_000
    assert model.price(1, 200) == 0


@pytest.mark.parametrize("text", ["{}", '{"name": "x", "base": "a", "per_square_metre": 1, "per_year": 1}'])
def test_a_bad_model_is_refused(text):
    """At the start, not at the first request."""
    with pytest.raises((KeyError, ValueError)):
        PriceModel.from_json(text)


def test_a_prediction_needs_the_key():
    """401 without it."""
    client = TestClient(app)
    flat = {"size": 50, "age": 10}
    assert client.post("/predict", json=flat).status_code == 401
    answer = client.post("/predict", json=flat, headers={"x-api-key": "secret"})
    assert answer.json() == {"model": "flats-1", "price": 165_000}
    assert client.get("/health").json()["model"] == "flats-1"

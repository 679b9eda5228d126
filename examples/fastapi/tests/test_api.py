"""The API, as a client sees it."""

import pytest
from fastapi.testclient import TestClient

from app.main import app


@pytest.fixture(name="client")
def fixture_client():
    """A client of the application."""
    return TestClient(app)


def test_root_names_the_service(client):
    """The root says who answers."""
    assert client.get("/").json()["service"] == "items"


def test_health_is_healthy(client):
    """The load balancer gets what it expects."""
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "healthy"
    assert answer.json()["checks"] == {"store": "ok"}


def test_ready_counts_items(client):
    """Readiness knows the store."""
    assert client.get("/ready").json()["ready"] is True


def test_version_is_told(client):
    """The version comes from the environment."""
    assert client.get("/version").json() == {"version": "dev"}


def test_an_item_can_be_added_and_read(client):
    """What was added is found by its id and in the list."""
    added = client.post("/items", json={"name": "pen", "price_cents": 120})
    assert added.status_code == 201
    item = added.json()
    assert client.get(f"/items/{item['id']}").json() == item
    assert item in client.get("/items").json()


def test_an_unknown_item_is_not_found(client):
    """A missing id is a 404."""
    assert client.get("/items/99999").status_code == 404


@pytest.mark.parametrize("body", [{}, {"name": "", "price_cents": 1}, {"name": "x", "price_cents": -1}])
def test_a_bad_item_is_refused(client, body):
    """Validation answers 422."""
    assert client.post("/items", json=body).status_code == 422

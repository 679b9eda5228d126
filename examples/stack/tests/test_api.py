"""The API with a store in memory: the real one is the end-to-end tests' matter."""

import os

os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

import pytest  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402

from app import main  # noqa: E402


class MemoryStore:
    """What the API asks of a store."""

    def __init__(self):
        self.items = {}

    def check(self):
        """Always well."""

    def all(self):
        """Oldest first."""
        return list(self.items.values())

    def find(self, item_id):
        """Or None."""
        return self.items.get(item_id)

    def add(self, name, price_cents):
        """With its id."""
        item = {"id": len(self.items) + 1, "name": name, "price_cents": price_cents}
        self.items[item["id"]] = item
        return item


@pytest.fixture(name="client")
def fixture_client(monkeypatch):
    """A client of an API with an empty store."""
    monkeypatch.setattr(main, "store", MemoryStore())
    return TestClient(main.app)


def test_items_can_be_added_and_read(client):
    """By id and in the list."""
    item = client.post("/items", json={"name": "pen", "price_cents": 120}).json()
    assert client.get(f"/items/{item['id']}").json() == item
    assert client.get("/items").json() == [item]
    assert client.get("/items/99").status_code == 404


def test_a_bad_item_is_refused(client):
    """With 422."""
    assert client.post("/items", json={"name": "", "price_cents": 1}).status_code == 422


def test_requests_are_counted(client):
    """For Prometheus."""
    client.get("/")
    assert 'http_requests_total{method="GET",status="200"}' in client.get("/metrics").text


def test_without_a_database_it_is_not_healthy():
    """The load balancer is told."""
    answer = TestClient(main.app).get("/health")
    assert answer.status_code == 503
    assert "database" in answer.json()["detail"]

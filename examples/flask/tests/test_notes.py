"""The API, as a client sees it."""

import pytest

from app import create_app


@pytest.fixture(name="client")
def fixture_client():
    """A client of a fresh application."""
    return create_app().test_client()


def test_health_names_the_version(client):
    """What the load balancer asks for."""
    assert client.get("/health").get_json() == {"status": "healthy", "version": "dev"}


def test_a_note_can_be_added_and_read(client):
    """By its id and in the list."""
    note = client.post("/notes", json={"text": "buy milk"}).get_json()
    assert client.get(f"/notes/{note['id']}").get_json() == note
    assert client.get("/notes").get_json() == [note]


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "x" * 201}, {"text": 5}, []])
def test_a_bad_note_is_refused(client, body):
    """With 422."""
    assert client.post("/notes", json=body).status_code == 422


def test_an_unknown_note_is_not_found(client):
    """With 404."""
    assert client.get("/notes/7").status_code == 404

"""The store by itself."""

from app.store import ItemStore


def test_ids_count_up():
    """Ids are unique and grow."""
    store = ItemStore()
    assert [store.add("a", 1)["id"], store.add("b", 2)["id"]] == [1, 2]


def test_find_returns_none_for_unknown_ids():
    """An unknown id is no error here."""
    assert ItemStore().find(1) is None

"""Items in memory."""

from threading import Lock


class ItemStore:
    """Keeps items by id; safe to use from several threads."""

    def __init__(self):
        self._items = {}
        self._next_id = 1
        self._lock = Lock()

    def add(self, name, price_cents):
        """Add an item and return it with its id."""
        with self._lock:
            item = {"id": self._next_id, "name": name, "price_cents": price_cents}
            self._items[self._next_id] = item
            self._next_id += 1
            return item

    def find(self, item_id):
        """The item with that id, or None."""
        return self._items.get(item_id)

    def all(self):
        """All items, oldest first."""
        return list(self._items.values())

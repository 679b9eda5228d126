"""Items in the database."""

import os
from contextlib import contextmanager

import psycopg2
from psycopg2.extras import RealDictCursor
from psycopg2.pool import ThreadedConnectionPool


class Store:
    """Reads and writes items; connections are made when they are first needed."""

    def __init__(self, url=None):
        self._url = url or os.environ["DATABASE_URL"]
        self._pool = None

    @contextmanager
    def _cursor(self):
        if self._pool is None:
            self._pool = ThreadedConnectionPool(1, 8, self._url, connect_timeout=3)
        connection = self._pool.getconn()
        try:
            with connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
                yield cursor
        finally:
            self._pool.putconn(connection, close=bool(connection.closed))

    def check(self):
        """Whether the database answers and has the schema."""
        with self._cursor() as cursor:
            cursor.execute("SELECT count(*) FROM items")

    def all(self):
        """Oldest first."""
        with self._cursor() as cursor:
            cursor.execute("SELECT id, name, price_cents FROM items ORDER BY id")
            return cursor.fetchall()

    def find(self, item_id):
        """The item, or None."""
        with self._cursor() as cursor:
            cursor.execute("SELECT id, name, price_cents FROM items WHERE id = %s", (item_id,))
            return cursor.fetchone()

    def add(self, name, price_cents):
        """The item as it is kept, with its id."""
        with self._cursor() as cursor:
            cursor.execute(
                "INSERT INTO items (name, price_cents) VALUES (%s, %s) RETURNING id, name, price_cents",
                (name, price_cents),
            )
            return cursor.fetchone()

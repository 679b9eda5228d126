"""The tables and the connection, of the API and of the ingestion."""

import os

import psycopg2

SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
  name text PRIMARY KEY, content text NOT NULL, state text NOT NULL DEFAULT 'new', problem text);
CREATE TABLE IF NOT EXISTS readings (
  file text NOT NULL REFERENCES files (name), station text NOT NULL, celsius double precision NOT NULL);
CREATE TABLE IF NOT EXISTS statistics (
  station text PRIMARY KEY, count integer NOT NULL, mean double precision NOT NULL,
  least double precision NOT NULL, most double precision NOT NULL);
"""
SCHEMA_LOCK = 7001


def connect():
    """A connection to a database that has the tables."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=3)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
        cursor.execute(SCHEMA)
    return connection

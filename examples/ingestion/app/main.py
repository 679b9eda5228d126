"""The API: takes files, tells statistics."""

import os

import psycopg2
from fastapi import FastAPI, HTTPException, Request

from app.database import connect

VERSION = os.environ.get("APP_VERSION", "dev")
LARGEST_FILE = 1 << 20

app = FastAPI(title="readings", version=VERSION)


def ask(query, *arguments):
    """Rows of a query, of a connection of its own."""
    connection = connect()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query, arguments)
            names = [column.name for column in cursor.description or []]
            return [dict(zip(names, row)) for row in (cursor.fetchall() if names else [])]
    finally:
        connection.close()


@app.get("/health")
def health():
    """Whether the database answers."""
    try:
        ask("SELECT 1")
    except psycopg2.Error as error:
        raise HTTPException(status_code=503, detail=f"database: {str(error).strip()}") from error
    return {"status": "healthy", "version": VERSION}


@app.put("/files/{name}", status_code=201)
async def put_file(name: str, request: Request):
    """A new file, for the next ingestion."""
    content = await request.body()
    if len(content) > LARGEST_FILE:
        raise HTTPException(status_code=413, detail=f"expected at most {LARGEST_FILE} bytes")
    if ask("SELECT 1 FROM files WHERE name = %s", name):
        raise HTTPException(status_code=409, detail=f"{name} is there already")
    ask("INSERT INTO files (name, content) VALUES (%s, %s)", name, content.decode(errors="replace"))
    return {"name": name, "state": "new"}


@app.get("/files")
def list_files(state: str = "new"):
    """Those of a state: new, ingested or refused."""
    return ask("SELECT name, state, problem FROM files WHERE state = %s ORDER BY name", state)


@app.get("/statistics")
def statistics():
    """Of each station, as of the last ingestion."""
    return ask("SELECT * FROM statistics ORDER BY station")

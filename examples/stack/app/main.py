"""HTTP API of the item service."""

import os
import time

import psycopg2
from fastapi import FastAPI, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from pydantic import BaseModel, Field

from app.store import Store

VERSION = os.environ.get("APP_VERSION", "dev")
REQUESTS = Counter("http_requests_total", "Requests that were answered", ["method", "status"])
SECONDS = Histogram("http_request_seconds", "How long answers took")

app = FastAPI(title="items", version=VERSION)
store = Store()


class NewItem(BaseModel):
    """An item as clients send it."""

    name: str = Field(min_length=1, max_length=80)
    price_cents: int = Field(ge=0, le=2_000_000_000)


@app.middleware("http")
async def measure(request: Request, call_next):
    """Counts every answer."""
    started = time.perf_counter()
    response = await call_next(request)
    SECONDS.observe(time.perf_counter() - started)
    REQUESTS.labels(request.method, response.status_code).inc()
    return response


@app.get("/")
def root():
    """Say who answers."""
    return {"service": "items", "version": VERSION}


@app.get("/health")
def health():
    """Healthy is: the database answers and is migrated."""
    try:
        store.check()
    except psycopg2.Error as error:
        raise HTTPException(status_code=503, detail=f"database: {str(error).strip()}") from error
    return {"status": "healthy", "version": VERSION}


@app.get("/metrics")
def metrics():
    """As Prometheus reads them."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@app.get("/items")
def list_items():
    """All items."""
    return store.all()


@app.get("/items/{item_id}")
def get_item(item_id: int):
    """One item by its id."""
    item = store.find(item_id)
    if item is None:
        raise HTTPException(status_code=404, detail=f"no item {item_id}")
    return item


@app.post("/items", status_code=201)
def add_item(item: NewItem):
    """Add an item."""
    return store.add(item.name, item.price_cents)

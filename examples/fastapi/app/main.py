"""HTTP API of the item service."""

import os
from datetime import datetime, timezone

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

from app.store import ItemStore

VERSION = os.environ.get("APP_VERSION", "dev")

app = FastAPI(title="items", version=VERSION)
store = ItemStore()


class NewItem(BaseModel):
    """An item as clients send it."""

    name: str = Field(min_length=1, max_length=80)
    price_cents: int = Field(ge=0)


@app.get("/")
def root():
    """Say who answers."""
    return {"service": "items", "version": VERSION}


@app.get("/health")
def health():
    """Liveness, as the load balancer asks for it."""
    return {
        "status": "healthy",
        "timestamp": datetime.now(timezone.utc).isoformat(),
        "version": VERSION,
        "checks": {"store": "ok"},
    }


@app.get("/ready")
def ready():
    """Readiness: the store answers."""
    return {"ready": True, "items": len(store.all())}


@app.get("/version")
def version():
    """The version that was deployed."""
    return {"version": VERSION}


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

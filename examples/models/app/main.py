"""HTTP API of the model service."""

import hmac
import os

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field

from app.model import PriceModel

VERSION = os.environ.get("APP_VERSION", "dev")

# Both come from the task definition's `secrets`: SSM has the model, Secrets Manager the clients' key.
model = PriceModel.from_json(os.environ["MODEL"])
api_key = os.environ["API_KEY"]
app = FastAPI(title="models", version=VERSION)


class Flat(BaseModel):
    """What is to be priced."""

    size: float = Field(gt=0, le=1000)
    age: float = Field(ge=0, le=500)


def check_key(x_api_key: str = Header(default="")):
    """Clients bring the key."""
    if not hmac.compare_digest(x_api_key.encode(), api_key.encode()):
        raise HTTPException(status_code=401, detail="x-api-key: not the one that is expected")


@app.get("/health")
def health():
    """The model is loaded, or there would be no process."""
    return {"status": "healthy", "version": VERSION, "model": model.name}


@app.post("/predict", dependencies=[Depends(check_key)])
def predict(flat: Flat):
    """The price of a flat."""
    return {"model": model.name, "price": model.price(flat.size, flat.age)}

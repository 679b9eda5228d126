"""A linear model, read from the coefficients that the platform gives."""

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class PriceModel:
    """price = base + per_square_metre * size - per_year * age, never below zero."""

    name: str
    base: float
    per_square_metre: float
    per_year: float

    @classmethod
    def from_json(cls, text):
        """From the parameter's value; what is missing or no number is an error."""
        values = json.loads(text)
        numbers = {key: float(values[key]) for key in ("base", "per_square_metre", "per_year")}
        return cls(name=str(values["name"]), **numbers)

    def price(self, size, age):
        """In euros."""
        return round(max(0.0, self.base + self.per_square_metre * size - self.per_year * age), 2)

"""AWS's own service models, from each botocore on this machine: what answers must look like, what requests may hold."""

import datetime
import gzip
import importlib
import json
import re
import sys
from pathlib import Path

DEBIAN = Path("/usr/lib/python3/dist-packages")
LONGEST = 40  # of what is generated, where the model would allow more
# Shapes that requests share: AWS answers with an empty list, too.
EMPTY_ANSWERS = r"Invalid length for parameter imageIds, value: 0"
TEXT = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/.:+=@ \"'<>&%{}[]\\\u00e9\u4e16\u0007\n"


def import_botocore(module):
    """A module of botocore: of Python's own, else the one inside Debian's awscli."""
    try:
        return importlib.import_module(f"botocore.{module}")
    except ModuleNotFoundError:
        if str(DEBIAN) not in sys.path:
            sys.path.append(str(DEBIAN))
        return importlib.import_module(f"awscli.botocore.{module}")


def data_folders():
    """Where models lie, the newest first."""
    own = Path(import_botocore("model").__file__).parent / "data"
    folders = [own, DEBIAN / "awscli/botocore/data", DEBIAN / "botocore/data"]
    seen = [folder for folder in folders if (folder / "ecs").is_dir()]
    return list(dict.fromkeys(seen))


def load_model(folder, service):
    """A service's model out of one botocore, or None where it has none."""
    for path in sorted((folder / service).glob("*/service-2.json*"), reverse=True):
        read = gzip.open if path.suffix == ".gz" else open
        with read(path, "rt", encoding="utf-8") as file:
            return import_botocore("model").ServiceModel(json.load(file), service)
    return None


def faults_of_json(value, shape, knows_all):
    """What botocore's validator finds in a raw answer. A model of years ago does not know newer members."""
    found = import_botocore("validate").ParamValidator().validate(value, shape)
    lines = [line for line in found.generate_report().splitlines() if not re.match(EMPTY_ANSWERS, line)]
    lines = [line for line in lines if knows_all or not line.startswith("Unknown parameter")]
    return lines + (list(wrong_enums(value, shape, "")) if knows_all else [])


def wrong_enums(value, shape, name):
    """Values that are not among those of their enumeration: botocore's validator does not look."""
    if shape.type_name == "structure" and isinstance(value, dict):
        for key, member in value.items():
            if key in shape.members:
                yield from wrong_enums(member, shape.members[key], f"{name}.{key}")
    elif shape.type_name == "list" and isinstance(value, list):
        for member in value:
            yield from wrong_enums(member, shape.member, f"{name}[]")
    elif shape.type_name == "string" and shape.enum and isinstance(value, str) and value not in shape.enum:
        yield f"{name}: '{value}' is not one of {shape.enum}"


def local(element):
    """A tag without its namespace."""
    return element.tag.rsplit("}", 1)[-1]


def faults_of_xml(element, shape, knows_all, name=""):
    """Elements that the shape does not have, and text of another type than its."""
    if shape.type_name == "structure":
        members = {member.serialization.get("name", key): member for key, member in shape.members.items()}
        for child in element:
            if local(child) in members:
                yield from faults_of_xml(child, members[local(child)], knows_all, f"{name}.{local(child)}")
            elif knows_all:
                yield f"{name}: unknown element {local(child)}, must be one of {', '.join(members)}"
    elif shape.type_name == "list":
        wanted = shape.member.serialization.get("name", "member")
        for child in element:
            if local(child) != wanted:
                yield f"{name}: element {local(child)} in a list of {wanted}"
            yield from faults_of_xml(child, shape.member, knows_all, f"{name}[]")
    elif shape.type_name == "map":
        for entry in element:
            if sorted(local(child) for child in entry) != ["key", "value"]:
                yield f"{name}: an entry of a map is not of key and value"
    else:
        yield from faults_of_text(element.text or "", shape, knows_all, name)


def faults_of_text(text, shape, knows_all, name):
    """A scalar as XML has it."""
    patterns = {
        "integer": r"-?\d+",
        "long": r"-?\d+",
        "boolean": r"true|false",
        "double": r"-?\d+(\.\d+)?([eE][-+]?\d+)?",
        "float": r"-?\d+(\.\d+)?([eE][-+]?\d+)?",
        "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
    }
    pattern = patterns.get(shape.type_name)
    if pattern and not re.fullmatch(pattern, text):
        yield f"{name}: '{text}' is no {shape.type_name}"
    if shape.type_name == "string" and shape.enum and knows_all and text not in shape.enum:
        yield f"{name}: '{text}' is not one of {shape.enum}"


class RequestMaker:
    """Requests as an input shape allows them, or nearly so; `known` are names and ARNs that exist."""

    def __init__(self, random, known):
        self.random = random
        self.known = known
        self.nearly = False  # the last one is not quite what the shape allows

    def request(self, shape):
        """A request; `nearly` tells of it afterwards."""
        self.nearly = False
        return self.make(shape, 0) if shape else {}

    def make(self, shape, depth):
        """A value of the shape: required members always, others now and then."""
        kind = shape.type_name
        if kind == "structure":
            return self.structure(shape, depth)
        if kind == "list":
            low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 3)
            count = self.random.randint(min(low, 3), max(min(high, 3), min(low, 3)))
            return [self.make(shape.member, depth + 1) for _ in range(count)]
        if kind == "map":
            return {self.make(shape.key, depth + 1): self.make(shape.value, depth + 1) for _ in range(self.random.randint(0, 2))}
        if kind == "string":
            return self.text(shape)
        return self.scalar(shape)

    def structure(self, shape, depth):
        """Deep members are left out, so that a shape that holds itself ends."""
        required = shape.metadata.get("required", [])
        value = {}
        for name, member in shape.members.items():
            if name in required or (depth < 4 and self.random.random() < 0.35):
                value[name] = self.make(member, depth + 1)
        if shape.is_tagged_union and len(value) > 1:
            name = self.random.choice(sorted(value))
            value = {name: value[name]}
        return value

    def text(self, shape):
        """A known name, an enumerated value, or anything of the allowed length."""
        if shape.enum and self.random.random() < 0.9:
            return self.random.choice(shape.enum)
        low = shape.metadata.get("min", 0)
        if shape.enum or (self.known and self.random.random() < 0.5):
            text = self.random.choice(self.known)
            self.nearly = self.nearly or bool(shape.enum) or len(text) < low
            return text
        high = min(shape.metadata.get("max", LONGEST), max(LONGEST, low))
        return "".join(self.random.choice(TEXT) for _ in range(self.random.randint(low, max(low, high))))

    def scalar(self, shape):
        """Numbers at their limits as often as between them."""
        if shape.type_name == "boolean":
            return self.random.random() < 0.5
        if shape.type_name == "timestamp":
            return datetime.datetime.fromtimestamp(self.random.choice([0, 1, 1_790_000_000, 4_102_444_800]), datetime.timezone.utc)
        if shape.type_name == "blob":
            return self.random.randbytes(self.random.randint(0, LONGEST))
        low, high = shape.metadata.get("min", -(2**31)), shape.metadata.get("max", 2**31 - 1)
        value = self.random.choice([low, high, max(0, low), self.random.randint(int(low), int(high))])
        return float(value) if shape.type_name in ("float", "double") else int(value)

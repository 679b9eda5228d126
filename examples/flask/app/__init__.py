"""A service that keeps short notes."""

import os
from itertools import count

from flask import Flask, abort, jsonify, request

VERSION = os.environ.get("APP_VERSION", "dev")
LONGEST_NOTE = 200


def create_app():
    """The application with an empty store."""
    app = Flask(__name__)
    notes = {}
    ids = count(1)

    @app.get("/health")
    def health():
        return jsonify(status="healthy", version=VERSION)

    @app.get("/notes")
    def list_notes():
        return jsonify(list(notes.values()))

    @app.post("/notes")
    def add_note():
        text = (request.get_json(silent=True) or {}).get("text")
        if not isinstance(text, str) or not 0 < len(text) <= LONGEST_NOTE:
            abort(422, f"text: expected 1 to {LONGEST_NOTE} characters")
        note = {"id": next(ids), "text": text}
        notes[note["id"]] = note
        return jsonify(note), 201

    @app.get("/notes/<int:note_id>")
    def get_note(note_id):
        return jsonify(notes.get(note_id) or abort(404))

    return app

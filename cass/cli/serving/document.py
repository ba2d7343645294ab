"""What `cass serve` answers, as an OpenAPI document: its routes, the commands' options, the schemas of their JSON."""

from __future__ import annotations

import json
import os

import cass
from cass import __version__
from cass.cli.mcp_tools import schema_of
from cass.cli.serving import routes
from cass.cli.serving.embeddings import FORMATS, MOST_TEXTS
from cass.cli.table import INT, command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cass.cli.serving.routes import Route
    from cass.cli.table import Option

    Schema = dict[str, Any]

SCHEMAS = os.path.join(os.path.dirname(cass.__file__), "schemas")
# What any route may answer instead, and what then stands in the body.
ERRORS = {
    "400": "The request cannot be understood.",
    "401": "The token is missing or wrong.",
    "403": "Asked by a page of another site, or under a name that is not this machine's.",
    "404": "There is no such thing.",
    "405": "The route is there, the method is not.",
    "429": "Too many requests from another machine.",
    "500": "A bug.",
    "503": "It cannot be answered now.",
    "504": "It took too long.",
}
SOME_FIELDS = "search-fields"
# What only a server has to say, beside the kinds of the commands.
KINDS = ("unauthorized", "forbidden", "method-not-allowed", "rate-limited", "shutting-down", "timeout")
TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
PART = {
    "type": "object",
    "required": ["state", "reason"],
    "properties": {"state": TEXT, "reason": {"type": ["string", "null"]}},
}
OWN: dict[str, Schema] = {
    "health": {
        "type": "object",
        "required": ["schema_version", "status", "version"],
        "properties": {"schema_version": NUMBER, "status": {"const": "ok"}, "version": TEXT},
    },
    "ready": {
        "type": "object",
        "required": ["schema_version", "ready", "parts"],
        "properties": {
            "schema_version": NUMBER,
            "ready": {"type": "boolean", "description": "Are searches answered, if only by words?"},
            "parts": {"type": "object", "additionalProperties": PART},
        },
    },
    "embeddings": {
        "type": "object",
        "required": ["object", "data", "model", "usage"],
        "properties": {
            "object": {"const": "list"},
            "data": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["object", "index", "embedding"],
                    "properties": {
                        "object": {"const": "embedding"},
                        "index": NUMBER,
                        "embedding": {
                            "anyOf": [{"type": "array", "items": {"type": "number"}}, TEXT],
                            "description": "Floats of a unit vector, or these as base64 of 32-bit little-endian.",
                        },
                    },
                },
            },
            "model": TEXT,
            "usage": {"type": "object", "properties": {"prompt_tokens": NUMBER, "total_tokens": NUMBER}},
        },
    },
}
ASKED_EMBEDDINGS: Schema = {
    "type": "object",
    "required": ["input"],
    "properties": {
        "input": {
            "anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1, "maxItems": MOST_TEXTS}],
            "description": "The text, or the texts.",
        },
        "model": {"type": "string", "description": "The quality tier's model if it is not said, or hash."},
        "encoding_format": {"enum": list(FORMATS)},
        "dimensions": {"type": "integer", "minimum": 1, "description": "Refused if it is not the model's."},
    },
}


def text() -> str:
    return json.dumps(document())


def document() -> Schema:
    """The document, OpenAPI 3.1."""
    paths: Schema = {}
    for route in routes.ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    names = sorted({route.schema for route in routes.ROUTES if route.schema} | {SOME_FIELDS})
    return {
        "openapi": "3.1.0",
        "info": {"title": "cass serve", "version": __version__, "description": "What cass finds, over HTTP."},
        "paths": paths,
        "components": {
            "schemas": {name: _schema(name) for name in names} | OWN | {"error": _error()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _operation(route: Route) -> Schema:
    said: Schema = {
        "summary": route.says,
        "operationId": f"{route.method.lower()}_{route.path.strip('/').replace('/', '_').strip('{}')}",
        "parameters": [*_path_parameters(route), *(_parameters(route.command) if route.command else ())],
        "responses": {"200": {"description": "The answer.", "content": _content(route)}}
        | {status: {"description": what, "content": _json_of("error")} for status, what in ERRORS.items()},
    }
    if route.path == routes.EMBEDDINGS:
        said["requestBody"] = {"required": True, "content": {"application/json": {"schema": ASKED_EMBEDDINGS}}}
        for status, what in (("413", "The body is too long."), ("415", "The body is not JSON.")):
            said["responses"][status] = {"description": what}
    if route.path == routes.READY:
        said["responses"]["503"] = {"description": "Nothing can be answered.", "content": _json_of("ready")}
    return said


def _content(route: Route) -> Schema:
    if route.path == routes.METRICS:
        return {"text/plain": {"schema": TEXT}}
    if route.path == routes.DOCUMENT:
        return {"application/json": {"schema": {"type": "object"}}}
    if route.schema == "search":  # with the parameter `fields` hits have those alone
        return {"application/json": {"schema": {"anyOf": [_ref("search"), _ref(SOME_FIELDS)]}}}
    return _json_of(route.schema or route.path.rpartition("/")[2])


def _json_of(name: str) -> Schema:
    return {"application/json": {"schema": _ref(name)}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _path_parameters(route: Route) -> list[Schema]:
    if not route.path.endswith(routes.ID):
        return []
    what = "A message, as ID:N." if route.path == routes.MESSAGE else "A session; the beginning of its id is enough."
    return [{"name": "id", "in": "path", "required": True, "description": what, "schema": TEXT}]


def _parameters(name: str) -> list[Schema]:
    row, said = command(name), routes.words_of(name)
    words = [
        {
            "name": argument.key,
            "in": "query",
            "required": argument.required,
            "description": argument.doc.partition(";")[0],
            "schema": TEXT,
        }
        for argument in row.arguments
        if argument.key in said
    ]
    return [*words, *[_parameter(key, option) for key, option in routes.parameters(name).items()]]


def _parameter(key: str, option: Option) -> Schema:
    schema = dict(schema_of(option))
    doc = schema.pop("description")
    if option.kind == INT:
        schema["maximum"] = routes.most(option)
    return {"name": key, "in": "query", "description": doc, "schema": schema}


def _schema(name: str) -> Schema:
    """A schema as it is checked in; what refers to its own parts finds them here, too."""
    with open(os.path.join(SCHEMAS, f"{name}.json"), encoding="utf-8") as file:
        whole: Schema = json.load(file)
    whole.pop("$schema", None)
    moved: Schema = _moved(whole, f"#/components/schemas/{name}/$defs/")
    return moved


def _error() -> Schema:
    error = _schema("error")
    error["$defs"]["error"]["properties"]["kind"]["enum"] += KINDS
    return error


def _moved(part: Any, to: str) -> Any:
    if isinstance(part, list):
        return [_moved(each, to) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        key: value.replace("#/$defs/", to) if key == "$ref" and isinstance(value, str) else _moved(value, to)
        for key, value in part.items()
    }

"""What FastAPI cannot know of our routes: tokens, problem documents, and our own headers."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from fundmix_kit.policy import PUBLIC, Policy
from fundmix_kit.problems import PROBLEM_MEDIA_TYPE

JsonObject = dict[str, Any]

METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})
PROBLEM_REF: Final = {"$ref": "#/components/responses/Problem"}
FASTAPI_ERROR_SCHEMAS: Final = ("HTTPValidationError", "ValidationError")


class ProblemFieldDocument(BaseModel):
    pointer: str = Field(examples=["/instalments/2/amount", "#query/limit"])
    code: str
    detail: str


class ProblemDocument(BaseModel):
    """RFC 9457."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(examples=["urn:fundmix:problem:not-found"])
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(examples=["not_found"])
    errors: list[ProblemFieldDocument] | None = None


def header(name: str, description: str, *, required: bool) -> JsonObject:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


IDEMPOTENCY_KEY: Final = header(
    "Idempotency-Key",
    "One key for each thing to be done. The same request with the same key is carried out once "
    "and answered the same again; another request with it is refused (422).",
    required=True,
)
IF_MATCH: Final = header(
    "If-Match", "The ETag of what was read; 412 if it was changed since.", required=True
)
IF_MATCH_OPTIONAL: Final = {**IF_MATCH, "required": False}
FUNDMIX_AFTER: Final = header(
    "Fundmix-After",
    "Positions that other writes have answered with (Fundmix-Position), separated by commas. "
    "Waits until they have arrived here, else 503 with Retry-After.",
    required=False,
)


def install_openapi(app: FastAPI, policy: Policy) -> None:
    generate = app.openapi
    complete: list[JsonObject] = []

    def openapi() -> JsonObject:
        if not complete:
            complete.append(_complete(generate(), policy))
        return complete[0]

    app.openapi = openapi


def _complete(schema: JsonObject, policy: Policy) -> JsonObject:
    components = schema.setdefault("components", {})
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    definitions = components.setdefault("schemas", {})
    for name in FASTAPI_ERROR_SCHEMAS:
        definitions.pop(name, None)
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions |= {**problem.pop("$defs"), "ProblemDocument": problem}
    components["responses"] = {
        "Problem": {
            "description": "A problem document (RFC 9457).",
            "content": {
                PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
            },
        }
    }
    for path, method, operation in _operations(schema):
        _complete_operation(operation, method, is_public=policy.row(method, path) is PUBLIC)
    return schema


def _operations(schema: JsonObject) -> Iterator[tuple[str, str, JsonObject]]:
    for path, item in schema.get("paths", {}).items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method.upper(), operation


def _complete_operation(operation: JsonObject, method: str, *, is_public: bool) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    statuses = ["default", *(() if method == "GET" else ("400", "409", "422"))]
    if not is_public:
        operation["security"] = [{"bearer": []}]
        statuses += ["401", "403"]
    parameters = operation.setdefault("parameters", [])
    match method:
        case "POST":
            parameters += [IDEMPOTENCY_KEY, IF_MATCH_OPTIONAL, FUNDMIX_AFTER]
        case "PUT" | "PATCH":
            parameters += [IF_MATCH, FUNDMIX_AFTER]
            statuses += ["412", "428"]
        case _:
            pass
    for status in statuses:
        responses.setdefault(status, PROBLEM_REF)

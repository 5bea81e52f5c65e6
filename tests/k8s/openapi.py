"""The little of an OpenAPI description that kubectl before 1.27 wants: it asks there whether a kind has dry runs.

It takes nothing but protobuf (openapi.v2.Document of github.com/google/gnostic, openapiv2/OpenAPIv2.proto), whose field
numbers stand below. Newer versions of kubectl just send the dry run.
"""

import json

from tests.k8s.api_resources import RESOURCES, ApiResource

PATH = "/openapi/v2"
MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


def document() -> bytes:
    """Return a description that has a patch with a dry run for every resource."""
    paths = b"".join(
        _field(2, _field(1, b"/" + resource.plural.encode()) + _field(2, _item(resource))) for resource in RESOURCES
    )
    return _field(1, b"2.0") + _field(8, paths)


def _item(resource: ApiResource) -> bytes:
    query_parameter = _field(4, b"dryRun")
    parameter = _field(1, _field(2, _field(3, query_parameter)))
    patch = _field(8, parameter) + _field(13, _extension("x-kubernetes-group-version-kind", _named(resource)))
    return _field(8, patch)


def _extension(name: str, value: dict[str, str]) -> bytes:
    return _field(1, name.encode()) + _field(2, _field(2, json.dumps(value).encode()))


def _named(resource: ApiResource) -> dict[str, str]:
    group, _, version = resource.group_version.rpartition("/")
    return {"group": group, "version": version, "kind": resource.kind}


def _field(number: int, content: bytes) -> bytes:
    """Return a length-delimited field."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])

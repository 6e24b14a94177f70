"""The form of every API error: `{code, message, fields}`."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from audit.errors import DomainError


def error_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """409 with its code for a refusal; 400 with a message per field for a validation error; DRF's answer for the
    rest."""
    if isinstance(error, DomainError):
        return Response({"code": error.code, "message": str(error), "fields": {}}, status=409)
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ValidationError):
        fields = response.data if isinstance(response.data, (dict, list)) else {}
        response.data = {"code": "invalid", "message": _("请求内容有误，请按各字段提示修改。"), "fields": fields}
    elif isinstance(error, APIException):
        response.data = {"code": error.get_codes(), "message": str(error.detail), "fields": {}}
    return response

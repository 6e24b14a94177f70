"""The API of this app."""

from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.decorators import api_view, permission_classes, throttle_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle

from levy.serializers import EstimateSerializer
from levy.services.estimates import estimate as compute


class PublicThrottle(AnonRateThrottle):
    scope = "public"


@extend_schema(request=EstimateSerializer, responses=OpenApiTypes.OBJECT)
@api_view(["POST"])
@permission_classes([AllowAny])
@throttle_classes([PublicThrottle])
def estimate(request: Request) -> Response:
    """The levy of one employer with every step; open to everyone, stores nothing."""
    return Response(compute(request.data))

"""The API of this app."""

import logging

from drf_spectacular.utils import OpenApiTypes, extend_schema
from redis.exceptions import RedisError
from rest_framework.decorators import api_view, permission_classes, throttle_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from levy.queries.estimates import estimated as compute
from levy.serializers import EstimateSerializer

logger = logging.getLogger(__name__)


class PublicThrottle(AnonRateThrottle):
    """Without the cache nobody is refused, as on the public pages."""

    scope = "public"

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError:
            logger.warning("the counter of %s does not answer", self.scope)
            return True


@extend_schema(request=EstimateSerializer, responses=OpenApiTypes.OBJECT)
@api_view(["POST"])
@permission_classes([AllowAny])
@throttle_classes([PublicThrottle])
def estimate(request: Request) -> Response:
    """The levy of one employer with every step; open to everyone, stores nothing."""
    return Response(compute(request.data))

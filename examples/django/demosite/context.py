"""What every page shows of the servers."""

from django.conf import settings


def servers(request):
    return {"name": settings.DEMO_NAME, "servers": settings.DEMO_SERVERS}

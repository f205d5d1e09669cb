# Built in one stage, run in another: the image holds the product and nothing it was made with.
FROM python:3.11-slim AS builder
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/bellwether
RUN /opt/bellwether/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY . ./
RUN /opt/bellwether/bin/python -m pip wheel --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir /wheels .
RUN /opt/bellwether/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps /wheels/*.whl

FROM python:3.11-slim
# A number, not a name: it needs no entry in /etc/passwd, and Kubernetes can check it.
RUN install -d -o 10001 -g 10001 /var/lib/bellwether
COPY --from=builder /opt/bellwether /opt/bellwether
ENV PATH=/opt/bellwether/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    USER=bellwether \
    HOME=/var/lib/bellwether \
    BELLWETHER_HOME=/var/lib/bellwether \
    BELLWETHER_HOST=0.0.0.0
USER 10001:10001
WORKDIR /var/lib/bellwether
VOLUME /var/lib/bellwether
EXPOSE 8000
# The demo lives 90 days before it listens, hence the long start.
HEALTHCHECK --interval=10s --timeout=5s --start-period=300s --retries=3 \
    CMD ["python", "-m", "bellwether.alive"]
ENTRYPOINT ["bellwether"]
CMD ["serve"]

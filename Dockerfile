# The command line of bolus, without a graphics card. Linted by `make lint`; see docs/containers.md.
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp/matplotlib

WORKDIR /opt/bolus
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src

# Of two builds of one version of torch pip takes the one for CPUs, '+cpu', which is the smaller.
RUN python -m pip install --no-cache-dir --constraint constraints.txt \
        --extra-index-url https://download.pytorch.org/whl/cpu '.[train]' \
    && useradd --create-home --uid 1000 bolus

USER 1000
WORKDIR /data
ENTRYPOINT ["bolus"]
CMD ["--help"]

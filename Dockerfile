# The image of replssl, from source. The work folder takes the inventory:
#   docker run --rm -it --user "$(id -u):$(id -g)" -v "$PWD:/work" replssl plan
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY . .
RUN make build

FROM debian:bookworm-slim
# ssh-keygen and ssh are for the person: replssl has its own client.
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --shell /bin/bash replssl \
    && install -d -o replssl -g replssl /work
COPY --from=build /src/bin/replssl /usr/bin/replssl
COPY LICENSE /usr/share/doc/replssl/copyright
USER replssl
WORKDIR /work
ENTRYPOINT ["replssl"]

#!/bin/sh
# Prints the digest of each image that the installation is built from, as lines of its environment (docs/deploy.md, First
# start). A tag may name another image tomorrow; a digest never does.
set -eu

pin() {
    docker pull --quiet "$2" >/dev/null
    echo "$1=$(docker image inspect --format '{{index .RepoDigests 0}}' "$2")"
}

pin LEVY_IMAGE_PYTHON python:3.13-slim-trixie
pin LEVY_IMAGE_CADDY caddy:2-alpine
pin LEVY_IMAGE_POSTGRES postgres:18
pin LEVY_IMAGE_VALKEY valkey/valkey:9-alpine

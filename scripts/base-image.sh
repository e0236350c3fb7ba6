#!/bin/sh
# Makes an image of Debian with Python that the Dockerfile can build on where no registry of images can be reached:
# from Debian's packages, with the certificates that this machine trusts. Usage: scripts/base-image.sh TAG [ENGINE...]
# TAG such as attune-base:latest, then BASE=attune-base:latest; ENGINE: podman (default) or docker, with its options.
# Needs debootstrap and root.
set -eu
tag=$1
shift
[ $# -gt 0 ] || set -- podman
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase --include=ca-certificates,python3,python3-pip,python3-venv bookworm "$root" >&2
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
chroot "$root" update-ca-certificates >/dev/null 2>&1
tar -C "$root" -c . | "$@" import --change "ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt" - "$tag"

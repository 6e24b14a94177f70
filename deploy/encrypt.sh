#!/bin/sh
# Encrypts standard input to the public key in the file BACKUP_KEY. The private key is not needed and is never here.
set -eu
umask 077

if [ ! -s "${BACKUP_KEY:-}" ]; then
    echo "BACKUP_KEY names no file with a public key. Nothing is backed up in the clear: docs/deploy.md, Backup." >&2
    exit 1
fi
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
trap 'rm -rf "$GNUPGHOME"' EXIT
gpg --batch --quiet --no-options --compress-algo zlib --compress-level 1 --recipient-file "$BACKUP_KEY" --encrypt

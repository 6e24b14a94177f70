#!/bin/sh
# PostgreSQL's restore_command, fetch.sh NAME PATH: gives back what archive.sh stored. Needs BACKUP_DIR, and in GNUPGHOME
# the private key.
set -eu
umask 077

[ -f "$BACKUP_DIR/wal/$1.gpg" ] || exit 1
# A segment that is there and cannot be read is not the end of the archive: beyond 125 the recovery breaks off.
gpg --batch --quiet --yes --output "$2" --decrypt "$BACKUP_DIR/wal/$1.gpg" || exit 126

#!/bin/sh
# PostgreSQL's archive_command, archive.sh PATH NAME: stores one segment of the write-ahead log, encrypted, whole or not
# at all. Needs BACKUP_DIR and BACKUP_KEY.
set -eu
umask 077

target=$BACKUP_DIR/wal/$2.gpg
sum=$(sha256sum <"$1")
if [ -f "$target" ]; then
    # The server asks again for a segment if it stopped before it heard the answer; another one is never overwritten.
    [ "$sum" = "$(cat "$target.sum")" ] && exit 0
    echo "Another segment $2 is in the archive already." >&2
    exit 1
fi
sh "${0%/*}/encrypt.sh" <"$1" >"$BACKUP_DIR/wal/.$2"
echo "$sum" >"$target.sum"
mv "$BACKUP_DIR/wal/.$2" "$target"

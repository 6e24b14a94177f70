#!/bin/sh
# Backs the database up in two forms, both encrypted: a dump that any later PostgreSQL reads, and a base backup that
# replays the archived write-ahead log up to any moment. Removes older ones only after both are whole.
# Needs BACKUP_DIR, which holds the archived log in wal/, BACKUP_KEY, BACKUP_KEEP_DAYS, and libpq's PGHOST, PGUSER,
# PGPASSWORD.
set -eu
umask 077

here=${0%/*}
now=$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p "$BACKUP_DIR/dump" "$BACKUP_DIR/base"
sh "$here/encrypt.sh" </dev/null >/dev/null # without a key, before anything begins

work=$(mktemp -d)
mkfifo "$work/pipe"
trap 'rm -rf "$work" "$BACKUP_DIR"/dump/*.part "$BACKUP_DIR"/base/*.part' EXIT

# store FILE COMMAND…: what the command writes, under this name only if all of it arrived.
store() {
    file=$1
    shift
    sh "$here/encrypt.sh" <"$work/pipe" >"$file.part" &
    "$@" >"$work/pipe"
    wait $!
    mv "$file.part" "$file"
}

dump=$BACKUP_DIR/dump/levy-$now.dump.gpg
store "$dump" pg_dump --format=custom --dbname=levy
base=$BACKUP_DIR/base/$now.tar.gpg
store "$base" pg_basebackup --pgdata=- --format=tar --wal-method=fetch --checkpoint=fast

psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --dbname=levy --command="
    INSERT INTO operations_pulse (name, seen_at) VALUES ('backup', now())
    ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at"

find "$BACKUP_DIR/dump" -name 'levy-*' -mtime "+$BACKUP_KEEP_DAYS" -delete
find "$BACKUP_DIR/base" -mindepth 1 -maxdepth 1 -mtime "+$BACKUP_KEEP_DAYS" -exec rm -rf {} +
# The oldest base backup needs the log from its own first minute on.
find "$BACKUP_DIR/wal" -type f -mtime "+$((BACKUP_KEEP_DAYS + 1))" -delete
echo "backup $now: $(du -sh "$dump" | cut -f1) dump, $(du -sh "$base" | cut -f1) base"

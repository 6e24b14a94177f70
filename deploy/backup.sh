#!/bin/sh
# Backs the database up in two forms: a dump that any later PostgreSQL reads, and a base backup that replays the
# archived write-ahead log up to any moment. Checks both before it removes older ones.
# Needs BACKUP_DIR, which holds the archived log in wal/, BACKUP_KEEP_DAYS, and libpq's PGHOST, PGUSER, PGPASSWORD.
set -eu
umask 077

now=$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p "$BACKUP_DIR/dump" "$BACKUP_DIR/base"

dump=$BACKUP_DIR/dump/levy-$now.dump
pg_dump --format=custom --dbname=levy --file="$dump.part"
pg_restore --list "$dump.part" >/dev/null
mv "$dump.part" "$dump"

base=$BACKUP_DIR/base/$now
pg_basebackup --pgdata="$base.part" --checkpoint=fast --wal-method=stream
pg_verifybackup --quiet "$base.part"
mv "$base.part" "$base"

psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --dbname=levy --command="
    INSERT INTO operations_pulse (name, seen_at) VALUES ('backup', now())
    ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at"

find "$BACKUP_DIR/dump" -name 'levy-*.dump' -mtime "+$BACKUP_KEEP_DAYS" -delete
find "$BACKUP_DIR/base" -mindepth 1 -maxdepth 1 -mtime "+$BACKUP_KEEP_DAYS" -exec rm -rf {} +
# The oldest base backup needs the log from its own first minute on.
find "$BACKUP_DIR/wal" -type f -mtime "+$((BACKUP_KEEP_DAYS + 1))" -delete
echo "backup $now: $(du -sh "$dump" | cut -f1) dump, $(du -sh "$base" | cut -f1) base"

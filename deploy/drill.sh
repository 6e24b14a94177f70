#!/bin/sh
# A backup that nobody has restored is a rumour. Restores the newest base backup beside the running server, replays the
# whole archive, reads every row of the copy, notes the success in the real database and removes the copy:
#     drill.sh <PRIVATE-KEY
# Needs what backup.sh and restore.sh need, and DRILL_DIR, a folder for the copy on the database's own disk.
set -eu
umask 077

began=$(date +%s)
mkdir -p "$BACKUP_DIR/base"
base=$(find "$BACKUP_DIR/base" -name '*.tar.gpg' -exec basename {} .tar.gpg \; | sort | tail -n 1)
if [ -z "$base" ]; then
    echo "There is no base backup in $BACKUP_DIR/base: make one first." >&2
    exit 1
fi
rm -rf "$DRILL_DIR"
mkdir "$DRILL_DIR"
trap 'pg_ctl --pgdata="$DRILL_DIR/data" --mode=immediate --silent stop || true; rm -rf "$DRILL_DIR"' EXIT

PGDATA=$DRILL_DIR/data sh "${0%/*}/restore.sh" "$base" >/dev/null
# Reached only through a socket in its own folder, and silent towards the real archive.
pg_ctl --pgdata="$DRILL_DIR/data" --log="$DRILL_DIR/log" --timeout=600 --wait --silent start --options="-p 5432 \
    -c archive_mode=off -c listen_addresses='' -c unix_socket_directories='$DRILL_DIR'" \
    || { cat "$DRILL_DIR/log" >&2; exit 1; }
rows=$(pg_dump --host="$DRILL_DIR" --port=5432 --data-only --dbname=levy | wc -l)

psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --dbname=levy --command="
    INSERT INTO operations_pulse (name, seen_at) VALUES ('restore', now())
    ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at"
echo "drill: $base restored and read, $rows lines, in $(($(date +%s) - began)) s"

#!/bin/sh
# A backup that nobody has restored is a rumour. Starts the newest base backup beside the running server, replays the
# whole archive, reads every row of the copy, notes the success in the real database and removes the copy.
# Needs what backup.sh needs, and as much room in BACKUP_DIR as the database takes.
set -eu
umask 077

began=$(date +%s)
base=$(find "$BACKUP_DIR/base" -mindepth 1 -maxdepth 1 ! -name '*.part' -exec basename {} \; | sort | tail -n 1)
if [ -z "$base" ]; then
    echo "There is no base backup in $BACKUP_DIR/base: make one first." >&2
    exit 1
fi
copy=$BACKUP_DIR/drill
rm -rf "$copy"
mkdir "$copy"
trap 'pg_ctl --pgdata="$copy/data" --mode=immediate --silent stop || true; rm -rf "$copy"' EXIT

PGDATA=$copy/data sh "${0%/*}/restore.sh" "$base" >/dev/null
# Reached only through a socket in its own folder, and silent towards the real archive.
pg_ctl --pgdata="$copy/data" --log="$copy/log" --timeout=600 --wait --silent start --options="-p 5432 \
    -c archive_mode=off -c listen_addresses='' -c unix_socket_directories='$copy'" || { cat "$copy/log" >&2; exit 1; }
until [ "$(psql --host="$copy" --port=5432 -XAtc 'SELECT pg_is_in_recovery()' postgres)" = f ]; do sleep 1; done
rows=$(pg_dump --host="$copy" --port=5432 --data-only --dbname=levy | wc -l)

psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --dbname=levy --command="
    INSERT INTO operations_pulse (name, seen_at) VALUES ('restore', now())
    ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at"
echo "drill: $base restored and read, $rows lines, in $(($(date +%s) - began)) s"

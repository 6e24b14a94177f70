#!/bin/sh
# Replaces the cluster by a base backup and lets PostgreSQL replay the archived log up to a moment:
#     restore.sh BASE ["2026-11-21 15:59:00+08"]
# BASE is a folder name below $BACKUP_DIR/base. Without a moment PostgreSQL replays the whole archive. Stop the server
# first. The old cluster is moved aside, never removed. Needs BACKUP_DIR and PGDATA.
set -eu
umask 077

base=$BACKUP_DIR/base/$1
moment=${2:-}

if [ -f "$PGDATA/postmaster.pid" ]; then
    echo "The server is running, or was killed: stop it in order first ($PGDATA/postmaster.pid)." >&2
    exit 1
fi
pg_verifybackup --quiet "$base"
if [ -d "$PGDATA" ]; then
    mv "$PGDATA" "$PGDATA.before-$(date -u +%Y%m%dT%H%M%SZ)"
fi
cp -R "$base" "$PGDATA"
touch "$PGDATA/recovery.signal"
cat >>"$PGDATA/postgresql.auto.conf" <<CONF
restore_command = 'cp "$BACKUP_DIR/wal/%f" "%p"'
recovery_target_time = '$moment'
recovery_target_action = 'promote'
CONF
echo "Restored $1${moment:+ up to $moment}. Start the server and look at the data before letting anybody in."

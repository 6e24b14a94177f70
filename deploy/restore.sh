#!/bin/sh
# Replaces the cluster by a base backup, with the archived log replayed up to a moment:
#     restore.sh BASE ["2026-11-21 15:59:00+08"] <PRIVATE-KEY
# BASE is a name below $BACKUP_DIR/base without its ending. Without a moment the whole archive is replayed. The private
# key stays in a temporary folder. Stop the server first. The old cluster is moved aside, never removed, and only once
# the new one is whole. Needs BACKUP_DIR and PGDATA.
set -eu
umask 077

here=$(cd "${0%/*}" && pwd)
base=$BACKUP_DIR/base/$1.tar.gpg
moment=${2:-}
new=$PGDATA.new

if [ -f "$PGDATA/postmaster.pid" ]; then
    echo "The server is running, or was killed: stop it in order first ($PGDATA/postmaster.pid)." >&2
    exit 1
fi
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
trap 'pg_ctl --pgdata="$new" --mode=immediate --silent stop 2>/dev/null || true; gpgconf --kill all; rm -rf "$GNUPGHOME"' EXIT
if ! gpg --batch --quiet --import; then
    echo "Give the private key of the backups as input: docs/deploy.md, Restore." >&2
    exit 1
fi

rm -rf "$new"
mkdir "$new"
gpg --batch --quiet --decrypt "$base" | tar -xf - -C "$new"
pg_verifybackup --quiet "$new"
touch "$new/recovery.signal"
# Reached by nobody. What this server would archive waits for the one that takes its place.
pg_ctl --pgdata="$new" --log="$GNUPGHOME/log" --timeout=86400 --wait --silent start --options="-p 5432 \
    -c listen_addresses='' -c unix_socket_directories='$GNUPGHOME' -c archive_mode=on -c archive_command=false \
    -c recovery_target_time='$moment' -c recovery_target_action=promote \
    -c restore_command='sh \"$here/fetch.sh\" \"%f\" \"%p\"'" || { cat "$GNUPGHOME/log" >&2; exit 1; }
until LC_ALL=C pg_controldata "$new" | grep -q 'cluster state: *in production'; do
    pg_ctl --pgdata="$new" status >/dev/null || { cat "$GNUPGHOME/log" >&2; exit 1; }
    sleep 1
done
pg_ctl --pgdata="$new" --mode=fast --silent stop

if [ -d "$PGDATA" ]; then
    mv "$PGDATA" "$PGDATA.before-$(date -u +%Y%m%dT%H%M%SZ)"
fi
mv "$new" "$PGDATA"
echo "Restored $1${moment:+ up to $moment}. Start the server and look at the data before letting anybody in."

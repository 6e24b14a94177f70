#!/bin/sh
# Runs once, when the database volume is new. Creates the application's role, which is no superuser, and its database.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres <<'SQL'
\getenv password DATABASE_PASSWORD
CREATE ROLE levy LOGIN PASSWORD :'password';
CREATE DATABASE levy OWNER levy;
SQL
# Base backups travel over the inner network, with a password.
echo "host replication postgres all scram-sha-256" >>"$PGDATA/pg_hba.conf"

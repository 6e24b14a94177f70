#!/bin/sh
# Makes the two roles, neither of them a superuser, and the database: levy owns the tables and migrates them, levy_app is
# the application and owns nothing. Runs by itself when the database volume is new; run it again to give a volume of an
# older version its second role, or both roles new passwords (docs/deploy.md, Two roles).
set -eu
psql -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres <<'SQL'
\getenv owner_password DATABASE_OWNER_PASSWORD
\getenv password DATABASE_PASSWORD
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['levy', 'levy_app']) name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE levy PASSWORD :'owner_password';
ALTER ROLE levy_app PASSWORD :'password';
SELECT 'CREATE DATABASE levy OWNER levy' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'levy') \gexec
SQL
# Base backups travel over the inner network, with a password.
access='host replication postgres all scram-sha-256'
grep -qxF "$access" "$PGDATA/pg_hba.conf" || echo "$access" >>"$PGDATA/pg_hba.conf"

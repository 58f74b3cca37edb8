#!/bin/sh
# Runs once in a new database container: the application's login, which owns nothing.
set -eu
psql --quiet --set ON_ERROR_STOP=1 --username gatehouse_owner --dbname gatehouse \
  --set password="$DATABASE_APPLICATION_PASSWORD" <<'SQL'
create role gatehouse login nosuperuser nobypassrls password :'password';
SQL

#!/bin/sh
# Gives each service its database, an owner for migrations and a role for the running service.
# The image postgres runs it once, on an empty data folder. Nobody else can connect.
set -eu

ask() {
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" \
        --dbname postgres "$@"
}

# The passwords go through the environment: arguments can be seen by every process.
create_database() {
    OWNER_PASSWORD=$2 SERVICE_PASSWORD=$3 ask --set name="$1" <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv service_password SERVICE_PASSWORD
\set owner :name _owner
\set service :name _svc
CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"service" LOGIN PASSWORD :'service_password';
CREATE DATABASE :"name" OWNER :"owner";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO :"service";
SQL
}

create_database registry "$REGISTRY_OWNER_PASSWORD" "$REGISTRY_SVC_PASSWORD"
create_database contracts "$CONTRACTS_OWNER_PASSWORD" "$CONTRACTS_SVC_PASSWORD"
create_database donations "$DONATIONS_OWNER_PASSWORD" "$DONATIONS_SVC_PASSWORD"
create_database ledger "$LEDGER_OWNER_PASSWORD" "$LEDGER_SVC_PASSWORD"

ask --command "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC"

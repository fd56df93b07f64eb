#!/bin/sh
# Makes Temporal's two databases and brings their schema to that of the server, in temporalio/admin-tools. It may run
# any number of times: what is there is left alone. Where Postgres is, it reads from SQL_HOST, SQL_PORT, SQL_USER and
# SQL_PASSWORD. The server goes up one minor version at a time.
set -eu

bring() { # DATABASE SCHEMA
  temporal-sql-tool --plugin postgres12 --database "$1" create-database
  temporal-sql-tool --plugin postgres12 --database "$1" setup-schema --version 0.0 # the table of versions
  temporal-sql-tool --plugin postgres12 --database "$1" update-schema --schema-name "$2"
}
bring temporal postgresql/v12/temporal
bring temporal_visibility postgresql/v12/visibility

// Package cluster runs a private Postgres cluster for `duradesk up` and for tests: it finds or fetches the
// binaries, makes the data directory and starts the server, as root too.
//
// Schema, queries and pools do not belong here: see package postgres.
package cluster

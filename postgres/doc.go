// Package postgres keeps the record of the desk: SQL by hand beside the Go that runs it, one file per table, and the
// migrations that make the tables.
//
// What decides does not belong here (see lifecycle), nor what speaks HTTP, mail or Temporal.
package postgres

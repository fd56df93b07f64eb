// Package lifecycle is the process of a ticket: a table with one line per state and command (rules.go), a table of
// clocks (clocks.go), and one small pure function that reads them (apply.go). It proves the table (prove.go) and
// draws it (document.go, book.go).
//
// Whatever acts, waits, stores or knows the time does not belong here: effects are named, others perform them.
package lifecycle

//go:generate go run ../cmd/duradesk rules --write ../docs/lifecycle.md

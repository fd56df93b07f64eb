// Command devserver is a small Temporal server with its Web UI in one program,
// for development, tests and evaluation; it takes the arguments of
// `temporal server start-dev`, so that either can stand in for the other.
//
// What does not belong here: anything of Duradesk itself. This module knows no
// ticket, and nothing of the product imports it: it is run as a child process.
package main

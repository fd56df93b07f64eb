// Package tether starts child processes that end with their parent, whatever ends the parent, kill -9 included.
//
// Restarting, logging and readiness do not belong here: see cmd/duradesk/supervise.
package tether

// Package e2e tries the whole from outside: the real binary with its real parts, mail over sockets, commands over HTTP,
// histories through Temporal's client, and kills.
//
// What a smaller test can show does not belong here, nor does anything that a running desk needs.
package e2e

// Package api is the door for programs and people over HTTP: it checks who asks and what, hands commands to the queue
// and shows tickets as JSON, as openapi.yaml promises.
//
// What a command does to a ticket does not belong here (see lifecycle), nor any SQL or signal: those are behind the
// ports.
package api

// Package ticket holds the nouns of the desk: ticket, process, state, command, event, actor and clock, and the
// names under which they are known outside.
//
// What decides does not belong here (see lifecycle), nor anything that reads a clock, a file or a network.
package ticket

// Package activities is what the desk does to the world on behalf of its workflows: apply commands, send mail, poll
// mailboxes. Each is a small method on a struct whose fields are ports.
//
// Decisions do not belong here (see lifecycle), nor waiting (see workflows), nor SQL and protocols (see the doors).
package activities

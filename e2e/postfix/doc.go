// Package postfix runs a real Postfix that passes mail on, for tests: reports about mails that a mail server really
// writes.
//
// What the desk makes of them does not belong here.
package postfix

// Package dovecot runs a real Dovecot for tests: IMAP and LMTP on loopback, with what it keeps in a directory of the
// test.
//
// What is tested against it does not belong here.
package dovecot

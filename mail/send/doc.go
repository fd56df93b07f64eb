// Package send hands a finished mail to an SMTP server and tells honestly, per recipient, what became of it.
//
// It speaks SMTP itself, with go-smtp's client, instead of leaving that to the library that builds mails: a null sender
// must be possible, each recipient has a result of his own, and a lost connection means something different before and
// after the final dot. What does not belong here: composing, queueing, trying again, and remembering what was sent.
package send

// Package sign puts the desk's signature under a mail (DKIM, RFC 6376), so that receivers know that its domain sent it.
// Where keys are kept, and which mail is signed, is not decided here.
package sign

// Package receive fetches mails from one folder of an IMAP mailbox and marks or moves what is done, with go-imap/v2
// behind one small type that cannot hang and cannot lose a mail.
//
// What does not belong here: what a mail says (package mail), where it is stored, which mails are new (the caller keeps
// the cursor), and when to try again.
package receive

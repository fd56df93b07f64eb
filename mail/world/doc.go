// Package world is the outside world in one process: a mail server that takes mail for anybody by SMTP, keeps a
// mailbox per address on disk and serves them all by IMAP, for `duradesk up` and for tests.
//
// What does not belong here: anything of the desk (threading, parsing for tickets, sending, polling), TLS, relaying
// and accounts; it must never be reachable from a real network.
//
// # Addresses
//
// An address is compared in lower case, with its domain in Unicode. The part of the local part from the first "+" on
// is a sub-address: mail for support+x@desk.example lands in the mailbox of its stem support@desk.example and keeps
// the full address in Delivered-To. A mailbox is made on first use, by mail or by login.
//
// # On disk
//
//	DIR/world.json                          {"format":1}: this directory is ours
//	DIR/lock                                held (flock) by the one process that owns DIR
//	DIR/tmp/                                whatever is being written; emptied at start
//	DIR/mailboxes/ADDRESS/mailbox.json      the address, the last UIDVALIDITY given to a folder that is gone
//	DIR/mailboxes/ADDRESS/FOLDER/folder.json   name, UIDVALIDITY, subscription, special use
//	DIR/mailboxes/ADDRESS/FOLDER/UID.eml    one message, never changed; its modification time is INTERNALDATE
//	DIR/mailboxes/ADDRESS/FOLDER/flags.log  one JSON line per change: {"uid":7,"flags":["\\Seen"]} or {"next":12}
//
// ADDRESS and FOLDER are percent-encoded, and shortened with a hash where too long; the JSON files hold the names.
//
// # What survives what
//
// A message exists when its UID.eml exists. It is written to tmp, synced, renamed into place and the folder is synced
// before SMTP answers 250 or IMAP answers OK, so what was accepted survives a kill -9 and a power cut. A message for
// several recipients is stored for all of them or for none, and then answered 451; only a crash between two renames,
// which gives no answer at all, can leave some of the copies. Flags are appended and synced before OK; a torn last
// line is dropped at start. The line "next" is written before a UID disappears, so that it is never given again.
package world

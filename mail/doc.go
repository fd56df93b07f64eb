// Package mail turns the bytes of a mail into a message and a message into bytes: it parses, repairs, splits the
// visible reply from what is quoted, recognises automatic mail and bounces, finds the ticket a mail speaks of, and
// composes what the desk sends.
//
// What does not belong here: connections, clocks, files and settings (receive and send hold the connections), and
// every decision about a ticket's state.
//
// # Why the MIME structure is walked by hand
//
// Parse never fails and its time is linear in the size of the mail. Both forbid handing a stranger's bytes to a
// recursive reader: an unclosed nest of multiparts makes enmime double its work at each level (22 levels, 3 KB: 1.6 s;
// 30 levels: minutes). The walk in structure.go reads each line once against a short stack of open boundaries, closes
// what was left open, and caps depth, parts and headers; it is the guard and the parser in one. Headers, parameters,
// transfer encodings and character sets are repaired by the small files beside it. The tests hold the result against
// enmime where enmime can read a mail.
package mail

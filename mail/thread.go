package mail

import (
	"slices"
	"strings"
)

// Hints is what a mail says about the ticket it belongs to, strongest first. Signatures are verified; whether the
// tickets exist and who takes part in them is for the caller to look up.
type Hints struct {
	// Tokens are ticket tokens of reply addresses that we signed, from To, Cc and the envelope.
	Tokens []string
	// Own are messages of ours that the mail answers: References from right to left, then In-Reply-To, then ids that
	// stand in the quoted body.
	Own []OwnID
	// Foreign are the other ids in that order, in the form of LookupID: perhaps Message-IDs of stored client mails.
	Foreign []string
	// Numbers are the ticket numbers in the subject.
	Numbers []int64
	// Forwarded says that the subject starts with a forward marker.
	Forwarded bool
	// OthersAddressed says that To or Cc hold addresses that are not ours.
	OthersAddressed bool
}

// FindHints reads the hints of a mail. self are the addresses of the mailboxes; sub-addresses of them count as ours.
func FindHints(m Message, keys Keys, self []string) Hints {
	var h Hints
	ours := map[string]bool{}
	for _, s := range self {
		ours[Stem(s)] = true
	}
	recipients := make([]string, 0, len(m.To)+len(m.Cc)+len(m.Delivered))
	for _, a := range slices.Concat(m.To, m.Cc) {
		recipients = append(recipients, a.Addr)
		if !ours[Stem(a.Addr)] {
			h.OthersAddressed = true
		}
	}
	for _, r := range append(recipients, m.Delivered...) {
		if token, ok := keys.VerifyReplyAddress(r); ok && !slices.Contains(h.Tokens, token) {
			h.Tokens = append(h.Tokens, token)
		}
	}
	ids := slices.Clone(m.References)
	slices.Reverse(ids)
	for _, id := range append(ids, m.InReplyTo...) {
		h.addID(id, keys)
	}
	for _, id := range quotedIDs(m) {
		if own, ok := keys.VerifyMessageID(id); ok && !slices.Contains(h.Own, own) {
			h.Own = append(h.Own, own)
		}
	}
	h.Numbers = SubjectNumbers(m.Subject)
	_, h.Forwarded = stripPrefixes(m.Subject)
	return h
}

func (h *Hints) addID(id string, keys Keys) {
	if own, ok := keys.VerifyMessageID(id); ok {
		if !slices.Contains(h.Own, own) {
			h.Own = append(h.Own, own)
		}
		return
	}
	if key := LookupID(id); !slices.Contains(h.Foreign, key) {
		h.Foreign = append(h.Foreign, key)
	}
}

// quotedIDs finds marks of ours in a quoted body; some relays rewrite Message-IDs but leave bodies alone.
func quotedIDs(m Message) []string {
	var ids []string
	for _, text := range []string{m.HTML, m.Text} {
		for len(ids) < 20 {
			_, after, ok := strings.Cut(text, markerPrefix)
			if !ok {
				break
			}
			end := strings.IndexFunc(after, func(r rune) bool {
				return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '@' || r == '_')
			})
			if end < 0 {
				end = len(after)
			}
			ids = append(ids, after[:min(end, 200)])
			text = after
		}
	}
	return ids
}

// markerPrefix starts the hidden mark in the HTML of what we send; the bare Message-ID follows.
const markerPrefix = "duradesk-id:"

// Found is what the caller knows about a ticket a hint leads to.
type Found struct {
	// Ticket is the number of the ticket to attach to: for a merged ticket that of the survivor.
	Ticket int64
	// Participant says that the mail's From is the requester, somebody in Cc, or an agent of that ticket.
	Participant bool
}

// Lookup holds what the caller found for the hints; what was not found is not there.
type Lookup struct {
	Tokens  map[string]Found // by ticket token
	Own     map[string]Found // by message uuid
	Foreign map[string]Found // by the id in Hints.Foreign, within the same mailbox
	Numbers map[int64]Found  // by ticket number
	// SenderForged says that the receiving host named in the mailbox's settings found the From not authentic: then
	// only signed hints count. See Authentication.
	SenderForged bool
}

// Why names the rule that decided.
type Why string

// The rules, strongest first.
const (
	WhyToken       Why = "reply_token"       // signed reply address
	WhyOwnID       Why = "own_message_id"    // answer to a mail that we signed
	WhyForeignID   Why = "client_message_id" // continues a mail of the client, From takes part
	WhyNumber      Why = "subject_number"    // number in the subject, From takes part
	WhyForwarded   Why = "forwarded"         // our mail was passed on to us and others: new ticket
	WhyStranger    Why = "stranger"          // a hint that proves nothing from somebody who takes no part: new ticket
	WhyForged      Why = "sender_forged"     // a hint that proves nothing and a From that is not authentic: new ticket
	WhyNothing     Why = "no_hint"           // new ticket
	WhyUnknownHint Why = "unknown_ticket"    // hints that lead nowhere: new ticket
)

// Decision says where a mail goes.
type Decision struct {
	// Ticket is the ticket to attach to, or 0: a new ticket.
	Ticket int64
	Why    Why
	// Evidence are the hints that were weighed, for the record: kind and value.
	Evidence []string
	// Suspected is the ticket that a new ticket may belong to, or 0.
	Suspected int64
	// NewAddress says that the writer proved to have our mail but does not take part in the ticket: the message is
	// flagged, shows nothing to him, and an agent confirms.
	NewAddress bool
}

// Decide applies the authority rules. A signed hint proves that the writer saw our mail and attaches, from whatever
// address. An id of the client's own mails or a number in the subject can be guessed or overheard and attaches only if
// From takes part in that ticket. Everything else becomes a new ticket that names the one suspected; nothing is ever
// dropped.
func Decide(h Hints, l Lookup) Decision {
	d := Decision{Why: WhyNothing}
	for _, token := range h.Tokens {
		d.note("token", token)
		if f, ok := l.Tokens[token]; ok {
			return d.attach(f, WhyToken)
		}
	}
	for _, own := range h.Own {
		d.note("own-id", own.UUID)
		f, ok := l.Own[own.UUID]
		if !ok {
			continue
		}
		if h.Forwarded && (h.OthersAddressed || !f.Participant) {
			return d.suspect(f, WhyForwarded)
		}
		return d.attach(f, WhyOwnID)
	}
	for _, id := range h.Foreign {
		f, ok := l.Foreign[id]
		if !ok {
			continue
		}
		d.note("client-id", id)
		if done, final := d.weak(f, WhyForeignID, h, l); final {
			return done
		}
	}
	for _, n := range h.Numbers {
		d.note("number", Tag(n))
		f, ok := l.Numbers[n]
		if !ok {
			continue
		}
		if done, final := d.weak(f, WhyNumber, h, l); final {
			return done
		}
	}
	if d.Why == WhyNothing && len(d.Evidence) > 0 {
		d.Why = WhyUnknownHint
	}
	return d
}

// weak weighs a hint that proves nothing by itself. It is final if it attaches; if not, a later hint may still.
func (d *Decision) weak(f Found, why Why, h Hints, l Lookup) (Decision, bool) {
	refusal := Why("")
	switch {
	case l.SenderForged:
		refusal = WhyForged
	case !f.Participant:
		refusal = WhyStranger
	case h.Forwarded && h.OthersAddressed:
		refusal = WhyForwarded
	}
	if refusal == "" {
		return d.attach(f, why), true
	}
	if d.Suspected == 0 {
		d.Suspected, d.Why = f.Ticket, refusal
	}
	return Decision{}, false
}

func (d *Decision) note(kind, value string) { d.Evidence = append(d.Evidence, kind+" "+value) }

func (d *Decision) attach(f Found, why Why) Decision {
	return Decision{Ticket: f.Ticket, Why: why, Evidence: d.Evidence, NewAddress: !f.Participant}
}

func (d *Decision) suspect(f Found, why Why) Decision {
	return Decision{Why: why, Evidence: d.Evidence, Suspected: f.Ticket}
}

package mail

import (
	"regexp"
	"strings"
)

// RecipientReport is what a report says about one recipient (RFC 3464 §2.3).
type RecipientReport struct {
	// Recipient is the address we sent to, as far as the report tells: Original-Recipient before Final-Recipient.
	Recipient string
	// Action is failed, delayed, delivered, relayed or expanded.
	Action string
	// Status is the enhanced status code such as 5.1.1 (RFC 3463): that of the diagnostic where the field is vague.
	Status string
	// Diagnostic is the remote server's word, for people.
	Diagnostic string
	RemoteMTA  string
	// WillRetryUntil is as written in the report, often empty.
	WillRetryUntil string
}

// Hard says that the address itself is at fault and will stay so: unknown user or domain. A full mailbox (5.2.2) and a
// policy (5.7.x) are hard for the message and soft for the address.
func (r RecipientReport) Hard() bool {
	if r.Action != "failed" {
		return false
	}
	switch {
	case strings.HasPrefix(r.Status, "5.1."), r.Status == "5.2.1", r.Status == "5.4.4":
		return r.Status != "5.1.7" && r.Status != "5.1.8" // these blame the sender
	}
	return false
}

// report is a mail understood as a report.
type report struct {
	sort       Sort
	recipients []RecipientReport
	originalID string
	envelope   string
	evidence   []string
}

// readReport looks for RFC 3464, 8098 and 5965 parts first, and then for bounces that only people were meant to read.
func readReport(m Message) (report, bool) {
	var r report
	for _, part := range m.Reports {
		switch part.Type {
		case "message/delivery-status", "message/global-delivery-status":
			r.readDeliveryStatus(part.Data)
		case "message/feedback-report":
			r.sort = SortARF
			r.evidence = append(r.evidence, "feedback report")
			r.readFeedback(part.Data)
		case "message/disposition-notification", "message/global-disposition-notification":
			r.sort = SortMDN
			r.evidence = append(r.evidence, "disposition notification")
			fields := fieldGroups(part.Data)
			for _, g := range fields {
				r.setOriginal(g.Raw("Original-Message-ID"))
			}
		}
	}
	if r.sort == "" && m.ReportType == "disposition-notification" {
		r.sort = SortMDN
		r.evidence = append(r.evidence, "report-type: disposition-notification")
	}
	if r.sort == "" {
		r.guess(m)
	}
	if r.sort == "" {
		return report{}, false
	}
	r.readOriginal(m)
	r.envelope = r.envelopeAddress(m)
	return r, true
}

// readDeliveryStatus reads a message/delivery-status: a group of fields for the message, then one for each recipient.
func (r *report) readDeliveryStatus(data []byte) {
	worst := Sort("")
	for _, g := range fieldGroups(data) {
		if envid := xtext(g.Raw("Original-Envelope-Id")); envid != "" && r.envelope == "" {
			r.envelope = oneLine(envid)
		}
		r.setOriginal(g.Raw("X-Original-Message-ID"))
		if !g.Has("Action") && !g.Has("Final-Recipient") && !g.Has("Status") {
			continue
		}
		one := recipientReport(g)
		if len(r.recipients) < 500 {
			r.recipients = append(r.recipients, one)
		}
		switch one.Action {
		case "failed":
			worst = SortBounce
		case "delayed":
			if worst != SortBounce {
				worst = SortDelayed
			}
		default:
			if worst == "" {
				worst = SortReceipt
			}
		}
	}
	if worst != "" && (r.sort == "" || worst == SortBounce) {
		r.sort = worst
		r.evidence = append(r.evidence, "delivery status report")
	}
}

func recipientReport(g Header) RecipientReport {
	one := RecipientReport{
		Action:         strings.ToLower(firstWord(g.Get("Action"))),
		Diagnostic:     capRunes(afterType(g.Get("Diagnostic-Code")), 1000),
		RemoteMTA:      capRunes(afterType(g.Get("Remote-MTA")), 255),
		WillRetryUntil: capRunes(g.Get("Will-Retry-Until"), 100),
	}
	for _, name := range []string{"Original-Recipient", "Final-Recipient", "X-Actual-Recipient"} {
		if list := ParseAddresses(xtext(afterType(g.Get(name))), "", 1); len(list) > 0 && one.Recipient == "" {
			one.Recipient = list[0].Addr
		}
	}
	one.Status = bestStatus(statusCode.FindString(g.Get("Status")), one.Diagnostic)
	if one.Action == "" {
		switch {
		case strings.HasPrefix(one.Status, "5"):
			one.Action = "failed"
		case strings.HasPrefix(one.Status, "4"):
			one.Action = "delayed"
		}
	}
	return one
}

var (
	statusCode = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	replyCode  = regexp.MustCompile(`\b[45]\d\d\b`)
)

// bestStatus prefers the code of the remote server where the field says only x.0.0 or nothing.
func bestStatus(status, diagnostic string) string {
	if status != "" && !strings.HasSuffix(status, ".0.0") {
		return status
	}
	if code := statusCode.FindString(diagnostic); code != "" && !strings.HasPrefix(code, "2") &&
		(status == "" || code[0] == status[0]) {
		return code
	}
	if guess := statusFromText(diagnostic); guess != "" && (status == "" || guess[0] == status[0]) {
		return guess
	}
	if status != "" {
		return status
	}
	if code := replyCode.FindString(diagnostic); code != "" {
		return code[:1] + ".0.0"
	}
	return ""
}

// statusFromText reads the words in which servers say the commonest things.
func statusFromText(text string) string {
	lower := strings.ToLower(text)
	for _, guess := range []struct {
		status string
		words  []string
	}{
		{"5.1.1", []string{
			"user unknown", "unknown user", "no such user", "does not exist", "doesn't exist", "no mailbox here", "unknown recipient",
			"recipient not found", "invalid recipient", "address rejected", "mailbox not found", "mailbox unavailable",
			"no such recipient", "not listed in", "unrouteable address", "宛先不明", "存在しません", "존재하지 않",
		}},
		{"5.1.2", []string{"host unknown", "domain not found", "unknown host", "name or service not known", "no such domain", "host or domain name not found"}},
		{"5.2.1", []string{"account disabled", "mailbox disabled", "account has been disabled", "inactive user"}},
		{"5.2.2", []string{"mailbox full", "mailbox is full", "over quota", "quota exceeded", "overquota", "容量", "insufficient storage"}},
		{"5.3.4", []string{"message too large", "too big", "size limit", "exceeds the maximum"}},
		{"5.7.1", []string{"spam", "blocked", "blacklist", "policy", "rejected due to", "not authorized", "access denied", "relay"}},
		{"4.4.7", []string{"delivery time expired", "timed out", "retry timeout", "queue too long"}},
		{"4.4.1", []string{"connection refused", "connection timed out", "could not connect", "no answer from host"}},
	} {
		for _, w := range guess.words {
			if strings.Contains(lower, w) {
				return guess.status
			}
		}
	}
	return ""
}

// readFeedback reads an ARF part (RFC 5965): whom the complaint concerns.
func (r *report) readFeedback(data []byte) {
	for _, g := range fieldGroups(data) {
		if list := ParseAddresses(g.Raw("Original-Rcpt-To"), "", 1); len(list) > 0 {
			r.recipients = append(r.recipients, RecipientReport{
				Recipient: list[0].Addr, Action: "complaint", Diagnostic: capRunes(g.Get("Feedback-Type"), 100),
			})
		}
		r.envelope = oneLine(xtext(g.Raw("Original-Envelope-Id")))
	}
}

// readOriginal finds the Message-ID of the mail that a report returns, whole or as headers only.
func (r *report) readOriginal(m Message) {
	for _, part := range m.Reports {
		switch part.Type {
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			h := Header{Fields: readHeader(part.Data, skipEnvelopeLines(part.Data), Limits{}.withDefaults()).fields}
			r.setOriginal(h.Raw("Message-ID"))
			if r.sort == SortBounce && len(r.recipients) == 0 {
				if list := ParseAddresses(h.Raw("To"), "", 2); len(list) == 1 {
					r.recipients = []RecipientReport{{Recipient: list[0].Addr, Action: "failed", Status: statusOfText(m.Text)}}
				}
			}
		}
	}
	if r.originalID == "" {
		if i := strings.LastIndex(strings.ToLower(m.Text), "\nmessage-id:"); i >= 0 { // returned as text
			text, _, _ := strings.Cut(m.Text[i+1+len("message-id:"):], "\n")
			r.setOriginal(text)
		}
	}
	for _, id := range append(append([]string{}, m.InReplyTo...), m.References...) {
		r.setOriginal(id)
	}
}

func (r *report) setOriginal(raw string) {
	if r.originalID == "" {
		if ids := ParseIDs(raw, 1); len(ids) > 0 {
			r.originalID = ids[0]
		}
	}
}

// envelopeAddress is the ENVID if there is one, else the sub-addressed recipient to which the report came: perhaps a
// bounce address of ours.
func (r *report) envelopeAddress(m Message) string {
	if r.envelope != "" {
		return r.envelope
	}
	for _, a := range m.Delivered {
		if strings.Contains(a, "+") {
			return a
		}
	}
	for _, a := range m.To {
		if strings.Contains(a.Addr, "+") {
			return a.Addr
		}
	}
	return ""
}

package send

import (
	"fmt"
	"strings"
)

// Outcome is what became of a mail for one recipient.
type Outcome string

// The outcomes.
const (
	// Accepted: the server has taken responsibility.
	Accepted Outcome = "accepted"
	// Temporary: certainly not sent; may be tried again later.
	Temporary Outcome = "temporary"
	// Permanent: certainly not sent; trying again unchanged is of no use.
	Permanent Outcome = "permanent"
	// Uncertain: the connection was lost after the whole mail had been handed over and before the server's word. It may
	// have been sent. Never try again by machine.
	Uncertain Outcome = "uncertain"
)

// Scope says whom a failure concerns, so that the caller knows what to stop.
type Scope string

// The scopes.
const (
	ScopeRecipient Scope = "recipient" // this address
	ScopeMessage   Scope = "message"   // this mail, whoever gets it: too large, refused content
	ScopeAccount   Scope = "account"   // every mail of this mailbox: credentials, rights, rate limits, TLS settings
	ScopeLink      Scope = "link"      // the server or the way to it
)

// Verdict is the classification of a reply or an error.
type Verdict struct {
	Outcome Outcome
	Scope   Scope
	// Slow asks for a pause of at least five minutes: greylisting, rate limits.
	Slow bool
}

// Phase is how far the conversation had come.
type Phase string

// The phases, in order.
const (
	PhaseConnect Phase = "connect" // dial, greeting, EHLO, TLS
	PhaseAuth    Phase = "auth"
	PhaseMail    Phase = "mail" // MAIL FROM
	PhaseRcpt    Phase = "rcpt"
	PhaseData    Phase = "data" // DATA and the text of the mail, before the final dot
	PhaseDot     Phase = "dot"  // the final dot and the reply to it
)

// Classify reads an SMTP reply: code (RFC 5321 §4.2), enhanced status (RFC 3463, "" if none), text. It decides between
// trying again and giving up, and whom a failure concerns.
func Classify(phase Phase, code int, enhanced, text string) Verdict {
	lower := strings.ToLower(text)
	switch {
	case code >= 200 && code < 300:
		return Verdict{Outcome: Accepted}
	case code < 400 || code > 599:
		return Verdict{Outcome: Temporary, Scope: ScopeLink}
	case isAuthTrouble(phase, code, enhanced):
		return Verdict{Outcome: Temporary, Scope: ScopeAccount, Slow: true}
	case code == 421 || code == 454:
		return Verdict{Outcome: Temporary, Scope: ScopeAccount, Slow: isRateLimit(lower)}
	case isRateLimit(lower) && (code < 500 || code == 550 || code == 552 || code == 554):
		return Verdict{Outcome: Temporary, Scope: ScopeAccount, Slow: true}
	case code < 500:
		return Verdict{Outcome: Temporary, Scope: scopeOf(phase), Slow: isGreylisting(code, lower)}
	case enhanced == "5.3.4" || enhanced == "5.2.3" || code == 552 && enhanced != "5.2.2":
		return Verdict{Outcome: Permanent, Scope: ScopeMessage}
	case phase == PhaseConnect || phase == PhaseAuth:
		// A server that refuses the whole session says nothing about the mail: it is kept, and somebody is told.
		return Verdict{Outcome: Temporary, Scope: ScopeAccount, Slow: true}
	}
	return Verdict{Outcome: Permanent, Scope: scopeOf(phase)}
}

// isAuthTrouble recognises replies that concern the account and not the mail: 530, 534, 535, 538 and 5.7.x in answer to
// AUTH or MAIL. In answer to RCPT or the text 5.7.x is a policy against that recipient or that content, except where
// it plainly asks for authentication.
func isAuthTrouble(phase Phase, code int, enhanced string) bool {
	switch code {
	case 530, 534, 535, 538:
		return true
	}
	if code < 500 || !strings.HasPrefix(enhanced, "5.7.") {
		return false
	}
	return phase == PhaseConnect || phase == PhaseAuth || phase == PhaseMail || enhanced == "5.7.57" || enhanced == "5.7.60"
}

func isRateLimit(lower string) bool {
	if strings.Contains(lower, "hops") { // too many of them are a loop
		return false
	}
	for _, words := range []string{
		"rate limit", "ratelimit", "rate-limit", "too many", "try later", "try again later", "limit exceeded", "sending limit",
		"exceeded the limit", "quota of messages", "throttl", "sending quota", "submission rate", "message rate",
	} {
		if strings.Contains(lower, words) {
			return true
		}
	}
	return false
}

func isGreylisting(code int, lower string) bool {
	if code != 450 && code != 451 {
		return false
	}
	for _, words := range []string{"greylist", "graylist", "grey-list", "gray-list", "postgrey", "deferred", "try again"} {
		if strings.Contains(lower, words) {
			return true
		}
	}
	return code == 450 || strings.Contains(lower, "later")
}

func scopeOf(phase Phase) Scope {
	switch phase { //nolint:exhaustive // the other phases speak of the mail itself
	case PhaseRcpt:
		return ScopeRecipient
	case PhaseConnect, PhaseAuth:
		return ScopeLink
	case PhaseMail:
		return ScopeAccount
	}
	return ScopeMessage
}

// lost classifies a connection that broke, a timeout, a name that was not found: before the final dot the server cannot
// have the mail, afterwards nobody knows.
func lost(phase Phase) Verdict {
	if phase == PhaseDot {
		return Verdict{Outcome: Uncertain, Scope: ScopeLink}
	}
	return Verdict{Outcome: Temporary, Scope: ScopeLink}
}

// Reply is what became of the mail for one recipient.
type Reply struct {
	Recipient string
	Verdict
	// Phase is where it was decided. Code and Enhanced are 0 and "" if no reply came.
	Phase    Phase
	Code     int
	Enhanced string
	// Text is the server's or a description of the failure, for people; it holds no password.
	Text string
}

// String is the reply in one line.
func (r Reply) String() string {
	if r.Code == 0 {
		return fmt.Sprintf("%s (%s)", r.Text, r.Phase)
	}
	if r.Enhanced != "" {
		return fmt.Sprintf("%d %s %s", r.Code, r.Enhanced, r.Text)
	}
	return fmt.Sprintf("%d %s", r.Code, r.Text)
}

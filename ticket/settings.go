package ticket

import (
	"fmt"
	"strconv"
	"time"
)

// Settings of a desk that the rules go by (PRODUCT §3, "Settings of a desk"). A version of them is pinned to each
// ticket; editing a desk makes a new version. Targets are working time of the desk's calendar.
type Settings struct {
	Version         int           `json:"version"`
	Calendar        string        `json:"calendar,omitempty"` // key; "": around the clock
	FirstResponse   Targets       `json:"first_response"`
	NextResponse    Targets       `json:"next_response"`
	Resolution      Targets       `json:"resolution"`
	WarnAt          int           `json:"warn_at"` // per cent of a target after which a warning is given; 0: none
	Pauses          Pauses        `json:"pauses"`
	HandOverDays    int           `json:"hand_over_days"`            // working days of a hand-over's promise; 0: no promise
	AutoClose       time.Duration `json:"auto_close"`                // of the wall clock
	AutoCloseDays   int           `json:"auto_close_days,omitempty"` // working days instead
	SpamRetention   time.Duration `json:"spam_retention"`            // of the wall clock
	FollowUp        FollowUp      `json:"follow_up"`
	ReopenWithin    time.Duration `json:"reopen_within"` // for FollowUp reopen_within
	AfterReply      AfterReply    `json:"after_reply,omitempty"`
	BreachEscalates bool          `json:"breach_escalates"`
	Acknowledge     bool          `json:"acknowledge"`
	CloseMail       CloseMail     `json:"close_mail,omitempty"`
}

// Targets are how long something may take, by priority; 0: no such clock.
type Targets struct {
	Low    time.Duration `json:"low"`
	Normal time.Duration `json:"normal"`
	High   time.Duration `json:"high"`
	Urgent time.Duration `json:"urgent"`
}

// Same is one target for every priority.
func Same(d time.Duration) Targets { return Targets{d, d, d, d} }

// For is the target of a priority; a ticket without one is normal.
func (t Targets) For(p Priority) time.Duration {
	switch p {
	case Low:
		return t.Low
	case NoPriority, Normal:
		return t.Normal
	case High:
		return t.High
	case Urgent:
		return t.Urgent
	}
	return t.Normal
}

// UnmarshalJSON reads targets by priority, or one number for all of them as the first version wrote it.
func (t *Targets) UnmarshalJSON(b []byte) error {
	if one, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		*t = Same(time.Duration(one))
		return nil
	}
	if text, isText := quoted(b); isText {
		return unreadable("target", text)
	}
	fields := flat(b)
	for key, target := range map[string]*time.Duration{"low": &t.Low, "normal": &t.Normal, "high": &t.High, "urgent": &t.Urgent} {
		if fields[key] == "" {
			continue
		}
		d, err := strconv.ParseInt(fields[key], 10, 64)
		if err != nil {
			return fmt.Errorf("read the targets of a desk: %s: %w", key, err)
		}
		*target = time.Duration(d)
	}
	return nil
}

// Pauses say for which reasons of hold a clock stands still.
type Pauses struct {
	FirstResponse []HoldReason `json:"first_response,omitempty"`
	NextResponse  []HoldReason `json:"next_response,omitempty"`
	Resolution    []HoldReason `json:"resolution,omitempty"`
}

// For lists the reasons that pause clocks of a kind.
func (p Pauses) For(k ClockKind) []HoldReason {
	switch k { //nolint:exhaustive // the others are no promises to the client
	case FirstResponse:
		return p.FirstResponse
	case NextResponse:
		return p.NextResponse
	case Resolution:
		return p.Resolution
	default:
		return nil
	}
}

// FollowUp says what a client's reply to a closed ticket does.
type FollowUp string

// The follow-up policies (PRODUCT §3, row "closed"; C1).
const (
	FollowUpLinked       FollowUp = "linked"
	FollowUpReopenWithin FollowUp = "reopen_within"
	FollowUpReopen       FollowUp = "reopen"
)

// AfterReply says where a client's reply leads (E20).
type AfterReply string

// The states after a client's reply. A resolved ticket is never left resolved: it would close behind unread words.
const (
	AfterReplyOpen AfterReply = "open" // the default, also where nothing is said
	AfterReplyNew  AfterReply = "new"  // back to the queue of its group, without owner
	AfterReplyStay AfterReply = "stay" // a ticket on hold stays on hold
)

// CloseMail says what a desk writes to the client when a resolved ticket closes.
type CloseMail string

// The mails at the end.
const (
	CloseMailNone     CloseMail = ""         // the default: none
	CloseMailClosed   CloseMail = "closed"   // that the ticket is closed, with the link to rate it
	CloseMailFeedback CloseMail = "feedback" // how the client found it; nothing to whoever has said so already
)

// DefaultSettings are those of a shipped inquiry desk (PRODUCT §3). First response of a normal ticket within six
// hours is D20.
func DefaultSettings() Settings {
	response := Targets{Low: 12 * time.Hour, Normal: 6 * time.Hour, High: 3 * time.Hour, Urgent: time.Hour}
	return Settings{
		Version: 1, FirstResponse: response, NextResponse: response,
		Resolution: Targets{Low: 80 * time.Hour, Normal: 40 * time.Hour, High: 24 * time.Hour, Urgent: 8 * time.Hour}, WarnAt: 75,
		Pauses:       Pauses{Resolution: []HoldReason{HoldClient, HoldThirdParty, HoldScheduled}},
		HandOverDays: 2, AutoClose: 14 * 24 * time.Hour, SpamRetention: 30 * 24 * time.Hour,
		FollowUp: FollowUpLinked, ReopenWithin: 30 * 24 * time.Hour, AfterReply: AfterReplyOpen, BreachEscalates: true, Acknowledge: true,
	}
}

package activities

import (
	"context"
	"log/slog"

	"duradesk/ticket"
)

// NameMailNotices is the activity's name. It reached histories: never changed.
const NameMailNotices = "MailNotices"

// Staff is the record as the notices of staff need it.
type Staff interface {
	// MailNotices makes the mail of what is due for an agent, once and only once, and tells when to look again.
	// ticket.NotFound where there is no such agent.
	MailNotices(ctx context.Context, agent string) (ticket.NoticeState, error)
}

// Notices are the hands of an agent's notices.
type Notices struct {
	Staff Staff
	Bell  Bell
	Log   *slog.Logger
}

// MailNotices makes what is due a mail and has it sent. A mail whose start is not heard is started by the relay.
func (n *Notices) MailNotices(ctx context.Context, agent string) (ticket.NoticeState, error) {
	state, err := n.Staff.MailNotices(ctx, agent)
	if err != nil {
		n.Log.WarnContext(ctx, "notices not mailed yet", "agent", agent, "error", err)
		return state, verdict(err)
	}
	for _, id := range state.Deliveries {
		if err := n.Bell.StartDelivery(ctx, id); err != nil {
			n.Log.DebugContext(ctx, "a mail waits for the relay", "delivery", id, "error", err)
		}
	}
	return state, nil
}

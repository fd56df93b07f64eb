package ticket

import (
	"fmt"
	"strconv"
	"time"
)

// Names seen in Temporal (CONTRACT §4). They reached histories: never changed.
const (
	WorkflowTicket   = "Ticket"
	WorkflowDelivery = "Delivery"
	WorkflowMailbox  = "Mailbox"
	WorkflowNotices  = "Notices" // one member of staff's mail
	WorkflowWebhook  = "Webhook"
	WorkflowBulkJob  = "BulkJob"

	QueueTickets = "duradesk"
	QueueMail    = "duradesk-mail"

	// SignalBell rings without a command: look at the row.
	SignalBell = "bell"

	// SignalSettingsChanged tells a mailbox's workflow that its settings have changed: it begins anew with them at once.
	SignalSettingsChanged = "settings-changed"

	QueryState  = "state"
	QueryFuture = "future"
)

// Queues are all task queues that workers poll.
func Queues() []string { return []string{QueueTickets, QueueMail} }

// Ring is the payload of a ticket's signals: a bell. The stored row is the truth.
type Ring struct {
	ID  string `json:"id,omitempty"`
	Seq int64  `json:"seq,omitempty"`
}

// WorkflowID returns the id of the ticket's workflow.
func WorkflowID(n Number) string { return "ticket-" + strconv.FormatInt(int64(n), 10) }

// DeliveryWorkflowID returns the id of the workflow that sends one mail.
func DeliveryWorkflowID(delivery string) string { return "delivery-" + delivery }

// MailboxWorkflowID returns the id of the workflow that polls one mailbox.
func MailboxWorkflowID(mailbox string) string { return "mailbox-" + mailbox }

// NoticesWorkflowID returns the id of the workflow that mails an agent's notices.
func NoticesWorkflowID(agent string) string { return "notices-" + agent }

// ChoreWorkflowID returns the id of a chore's workflow.
func ChoreWorkflowID(c Chore) string {
	if c.Workflow == WorkflowBulkJob {
		return "bulk-" + c.ID
	}
	return "webhook-" + c.ID
}

// TimerID names the command that a fired timer is: the same timer fired twice is one command.
func TimerID(n Number, clock string, due time.Time, generation int) string {
	return fmt.Sprintf("timer:%d:%s:%s:%d", n, clock, due.UTC().Format(time.RFC3339Nano), generation)
}

// HandID names a command that came by hand: the same signal read again after a reset is one command.
func HandID(firstRun string, counter int, name string) string {
	return fmt.Sprintf("hand:%s:%d:%s", firstRun, counter, name)
}

// CancelID names the closing that a cancelled run asks for.
func CancelID(run string) string { return "cancel:" + run }

package replay

import (
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"duradesk/activities"
	"duradesk/ticket"
)

// path is a life of a ticket, a mail or a mailbox: play returns the workflow whose runs are kept.
type path struct {
	name string
	play func(s *site) (workflow string)
	has  []enumspb.EventType // what makes it worth keeping
	manner
}

const activityCompleted = enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED

var paths = []path{
	{name: "fortnight", play: fortnight, has: []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_CANCELED, enumspb.EVENT_TYPE_TIMER_FIRED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED}},
	{name: "breach", play: breach, has: []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_FIRED}},
	{name: "hold-and-wake", play: holdAndWake, has: []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_FIRED}},
	{name: "spam-and-restore", play: spamAndRestore, has: []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_CANCELED}},
	{name: "retention", play: retention, has: []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_FIRED}},
	{name: "escalate", play: escalate},
	{name: "by-hand", play: byHand},
	{name: "duplicates", play: duplicates},
	{name: "batch", play: batch},
	{name: "continued", play: continued, has: []enumspb.EventType{enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW}},
	{name: "patient", play: patiently, has: []enumspb.EventType{enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED}},
	{name: "cancelled", play: cancelled, has: []enumspb.EventType{enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED}},
	{name: "cancel-refused", play: cancelRefused, has: []enumspb.EventType{enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED}},
	{name: "reset", play: wasReset, has: []enumspb.EventType{enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED}},
	{name: "revived", play: revivedFinal},
	{name: "delivery", play: deliveryWithRetries, has: []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_FIRED}},
	{name: "delivery-uncertain", play: deliveryUncertain},
	{name: "delivery-withdrawn", play: deliveryWithdrawn, has: []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_FIRED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED}},
	{name: "bulk-paused", play: bulkPaused, has: []enumspb.EventType{enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED}},
	{name: "webhook", play: webhookWithRetries, has: []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_FIRED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED}},
	{name: "notices", play: noticesMailed, has: []enumspb.EventType{enumspb.EVENT_TYPE_TIMER_STARTED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED}},
	{name: "mailbox", play: mailboxWatched, has: []enumspb.EventType{enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED}},
}

func fortnight(s *site) string {
	s.work()
	n := s.opened()
	s.does(s.command(n, ticket.AgentResponse, sato))
	s.does(s.command(n, ticket.Resolve, sato))
	s.does(s.mailed(n))
	s.does(s.command(n, ticket.Resolve, sato))
	s.skipTime(n)
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func breach(s *site) string {
	s.work()
	n := s.opened()
	s.skipTime(n)
	s.fired(n)
	s.settle(n)
	s.does(s.command(n, ticket.AgentResponse, sato))
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func (s *site) holds(n ticket.Number) {
	o := s.command(n, ticket.Hold, sato)
	until := time.Now().Add(72 * time.Hour)
	o.Params.Hold = &ticket.HoldParams{Reason: ticket.HoldThirdParty, Until: &until}
	o.Message = &ticket.NewMessage{Body: "The plaintext of an interim answer.", Author: ticket.By{Kind: ticket.ActorAgent, ID: "sato", Name: "sato"}}
	s.does(o)
}

func holdAndWake(s *site) string {
	s.work()
	n := s.opened()
	s.holds(n)
	s.holds(n) // again: the wake is set anew
	s.skipTime(n)
	s.fired(n)
	s.settle(n)
	s.does(s.command(n, ticket.Note, sato))
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func (s *site) spams(n ticket.Number) {
	o := s.command(n, ticket.Resolve, sato)
	o.Params.Resolve = &ticket.ResolveParams{Category: ticket.CategorySpam}
	s.does(o)
}

func spamAndRestore(s *site) string {
	s.work()
	n := s.opened()
	s.holds(n)
	s.spams(n)
	s.does(s.mailed(n))
	s.does(s.command(n, ticket.Restore, lead))
	s.settle(n)
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func retention(s *site) string {
	s.work()
	n := s.opened()
	s.spams(n)
	s.skipTime(n)
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func escalate(s *site) string {
	s.work()
	n := s.opened()
	for range 3 {
		s.does(s.command(n, ticket.Escalate, sato))
	}
	s.settle(n)
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func byHand(s *site) string {
	s.work()
	n := s.opened()
	for _, name := range []string{"hold", "escalate", "agent-response", "dance", "resolve"} {
		s.byHand(n, name, struct{}{})
		s.does(s.command(n, ticket.Note, sato))
	}
	s.settle(n)
	s.byHand(n, "hold", "junk")
	s.byHand(n, "close", nil)
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func duplicates(s *site) string {
	s.work()
	n := s.opened()
	r := s.put(s.command(n, ticket.AgentResponse, sato))
	for range 3 {
		s.ring(r)
	}
	s.await(r)
	s.ring(r)
	require.NoError(s.t, s.bell.Ring(s.ctx(), n, ticket.SignalBell, ticket.Ring{}))
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func batch(s *site) string {
	first := s.work()
	n := s.opened()
	first.stop()
	var last ticket.Receipt
	for _, k := range []ticket.Kind{ticket.Resolve, ticket.Escalate, ticket.Note, ticket.Hold, ticket.AgentResponse, ticket.Escalate} {
		last = s.put(s.command(n, k, sato))
		s.ring(last)
	}
	s.work()
	s.await(last)
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func continued(s *site) string {
	s.work(func(c *crew) { c.ContinueAfter = 30 })
	n := s.opened()
	s.holds(n)
	s.settle(n)
	for range 12 {
		s.does(s.command(n, ticket.Escalate, sato))
	}
	s.byHand(n, "resolve", struct{}{})
	s.does(s.command(n, ticket.Note, sato))
	s.settle(n)
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func patiently(s *site) string {
	d := &sick{}
	s.work(func(c *crew) { c.Wrap = func(inner activities.Desk) activities.Desk { d.Desk = inner; return d } })
	n := s.opened()
	d.set(true)
	s.does(s.command(n, ticket.AgentResponse, sato))
	s.does(s.command(n, ticket.Note, sato))
	s.settle(n)
	d.set(false)
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func cancelled(s *site) string {
	s.work()
	n := s.opened()
	s.settle(n)
	require.NoError(s.t, s.client.CancelWorkflow(s.ctx(), ticket.WorkflowID(n), ""))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func cancelRefused(s *site) string {
	s.work()
	n := s.opened()
	s.spams(n)
	s.settle(n)
	require.NoError(s.t, s.client.CancelWorkflow(s.ctx(), ticket.WorkflowID(n), ""))
	s.settle(n)
	s.does(s.mailed(n))
	s.does(s.command(n, ticket.Restore, lead))
	s.does(s.command(n, ticket.Resolve, sato))
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func wasReset(s *site) string {
	s.work()
	n := s.opened()
	s.byHand(n, "hold", struct{}{})
	s.does(s.command(n, ticket.AgentResponse, sato))
	s.reset(n)
	s.settle(n) // the new run must not find what is stored next before it is rung
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func revivedFinal(s *site) string {
	s.work()
	n := s.opened()
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	s.does(s.mailed(n))
	s.ended(ticket.WorkflowID(n))
	return ticket.WorkflowID(n)
}

func deliveryWithRetries(s *site) string {
	s.outside.answers = []answer{{refuse: true}, {state: "queued", reason: "450 4.2.0 yamada@client.example is busy"}}
	s.work()
	n := s.opened()
	id, _ := s.delivery(n, "acknowledge")
	s.ended(ticket.DeliveryWorkflowID(id))
	return ticket.DeliveryWorkflowID(id)
}

func deliveryUncertain(s *site) string {
	s.outside.answers = []answer{{state: "uncertain", reason: "the connection to mx.client.example was lost after DATA"}}
	s.work()
	n := s.opened()
	id, _ := s.delivery(n, "acknowledge")
	s.ended(ticket.DeliveryWorkflowID(id))
	return ticket.DeliveryWorkflowID(id)
}

// deliveryWithdrawn: the agent takes his answer back within the undo time, and nothing is sent when it is over.
func deliveryWithdrawn(s *site) string {
	s.exec(`update desks set manner = manner || '{"undo_send": 3}'`)
	s.work()
	n := s.opened()
	s.does(s.command(n, ticket.AgentResponse, sato))
	id, _ := s.delivery(n, "answer")
	s.happened(ticket.DeliveryWorkflowID(id), enumspb.EVENT_TYPE_TIMER_STARTED, 1)
	back := s.command(n, ticket.Withdraw, sato)
	back.Params.Withdraw = &ticket.WithdrawParams{Message: s.text(`select message::text from deliveries where id = $1`, id)}
	require.Equal(s.t, ticket.Applied, s.does(back).Outcome)
	s.ended(ticket.DeliveryWorkflowID(id))
	require.NotContains(s.t, s.outside.sent, id)
	require.Equal(s.t, ticket.New, s.process(n).State)
	return ticket.DeliveryWorkflowID(id)
}

// noticesMailed: a digest waits for its hour; its agent chooses mail at once, and the bell tells the workflow.
func noticesMailed(s *site) string {
	s.exec(`insert into agent_settings (agent, notice_mail, digest_hour) values ('lead', 'digest', (extract(hour from clock_timestamp())::int + 12) % 24)`)
	s.work()
	s.relay()
	n := s.opened()
	note := s.command(n, ticket.Note, sato)
	note.Message.Body = "@lead the plaintext of a note"
	s.does(note)
	id := ticket.NoticesWorkflowID("lead")
	require.Eventually(s.t, func() bool {
		_, err := s.client.DescribeWorkflowExecution(s.ctx(), id, "")
		return err == nil
	}, patience, 20*time.Millisecond, "the relay tells of it")
	s.happened(id, enumspb.EVENT_TYPE_TIMER_STARTED, 1)
	settings := ticket.DefaultStaffSettings()
	settings.Mail = ticket.NoticeInstant
	require.NoError(s.t, s.store.SetStaffSettings(s.ctx(), "lead", settings))
	s.ended(id)
	mail := s.text(`select delivery::text from notices where agent = 'lead' and mailed_at is not null`)
	s.ended(ticket.DeliveryWorkflowID(mail))
	require.Contains(s.t, s.outside.sent, mail)
	return id
}

func mailboxWatched(s *site) string {
	first := s.work()
	id := ticket.MailboxWorkflowID(s.mailbox())
	require.NoError(s.t, s.bell.StartMailbox(s.ctx(), s.mailbox()))
	s.outside.deliver("From: Yamada Taro <yamada@client.example>\r\nTo: support@desk.example\r\nMessage-ID: <a1@client.example>\r\nSubject: subject\r\n\r\nplaintext\r\n")
	require.NoError(s.t, s.outside.until(s.ctx(), func() bool { return len(s.outside.marked) == 1 }))
	first.stop() // the watch ends at once, and the workflow starts the next
	s.work()
	s.happened(id, enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, 1)
	require.NoError(s.t, s.client.CancelWorkflow(s.ctx(), id, ""))
	return id
}

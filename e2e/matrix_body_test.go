package e2e

import (
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// body is what goes with a command.
func (m *matrix) body(n int64, c cell) object {
	m.t.Helper()
	soon := time.Now().Add(time.Hour)
	words := says("Words of " + c.command)
	bodies := map[string]object{
		"client-reply":              {"message": words},
		"agent-response":            {"message": words},
		"hold":                      {"hold": object{"reason": "third_party"}},
		"hold+message":              {"hold": object{"reason": "third_party"}, "message": words},
		"hold until":                {"hold": object{"reason": "scheduled", "until": soon}},
		"resolve":                   {},
		"resolve+message":           {"message": words},
		"resolve test":              {"resolve": object{"category": "test"}},
		"resolve test+message":      {"resolve": object{"category": "test"}, "message": words},
		"resolve spam":              {"resolve": object{"category": "spam"}},
		"escalate":                  {"escalate": object{"reason": "Hard."}},
		"escalate desk":             {"escalate": object{"desk": "works", "reason": "Yours."}},
		"assign owner":              {"assign": object{"owner": "tanaka"}},
		"assign group":              {"assign": object{"group": "tier2"}},
		"unassign":                  {"assign": object{"owner": nil}},
		"note":                      {"message": words},
		"classify title":            {"classify": object{"title": "A printer"}},
		"classify tags":             {"classify": object{"tags": []string{"printer"}}},
		"classify urgent":           {"classify": object{"priority": "urgent"}},
		"client-verdict solved":     {"client_verdict": object{"verdict": "solved"}},
		"client-verdict not_solved": {"client_verdict": object{"verdict": "not_solved"}},
		"client-verdict cancel":     {"client_verdict": object{"verdict": "cancel"}},
		"merge":                     {"merge": object{"into": m.survivor(n, c)}},
		"merge into closed":         {"merge": object{"into": m.ended(n, c, m.over)}},
		"merge in a ring":           {"merge": object{"into": m.ended(n, c, n)}},
		"link":                      {"link": object{"number": m.elsewhere, "kind": "related"}},
		"promise":                   {"promise": object{"due_at": soon, "text": "We call back."}},
		"feedback":                  {"feedback": object{"rating": 4}},
	}
	if body, ok := bodies[c.command]; ok {
		return body
	}
	switch c.kind() { //nolint:exhaustive // what names a message; the rest have nothing to say
	case ticket.Split:
		return object{"split": object{"message": m.message(n, 1)}}
	case ticket.Move:
		return object{"move": object{"message": m.message(n, 1), "into": m.elsewhere}}
	case ticket.Withdraw:
		which := 0
		if c.applied() {
			which = -1
		}
		return object{"withdraw": object{"message": m.message(n, which)}}
	}
	return object{}
}

// ended is a target that nobody merges into; a merged ticket names its own survivor again, whatever became of it.
func (m *matrix) ended(n int64, c cell, target int64) int64 {
	if c.column == "merged" {
		return m.survivor(n, c)
	}
	return target
}

// survivor is whom to merge into: a merged ticket's own, any other for the rest.
func (m *matrix) survivor(n int64, c cell) int64 {
	if c.column != "merged" {
		return m.into
	}
	var v struct {
		MergedInto int64 `json:"merged_into"`
	}
	m.admin().read(ticketPath(n), &v)
	return v.MergedInto
}

// message is the id of one of the ticket's messages that were there before the cells; -1: the last one. A ticket that was
// destroyed has none.
func (m *matrix) message(n int64, which int) string {
	m.t.Helper()
	found := lines(m.desk, m.record, `select id::text from messages where ticket = $1 and not note order by at, id`, n)
	if which < 0 {
		which = len(found) - 1
	}
	if which >= len(found) {
		return uuid.NewString()
	}
	return found[which]
}

// store puts a command into the queue as the desk itself does, and tells its outcome.
func (m *matrix) store(n int64, id string, c cell) string {
	m.t.Helper()
	o := ticket.Order{ID: id, Number: ticket.Number(n), Kind: c.kind(), By: ticket.System, Fingerprint: id}
	note := &ticket.NewMessage{Note: true, Body: "It is written.", Format: "text", Author: ticket.By{Kind: ticket.ActorSystem}}
	switch c.command {
	case "create":
		o.By, o.Params.Create = ticket.Actor{Kind: ticket.ActorAgent, ID: "sato", Role: ticket.RoleAgent}, &ticket.CreateParams{}
	case "merge-in", "merge-in unanswered":
		o.Params.MergeIn = &ticket.MergeInParams{From: ticket.Number(m.elsewhere), Unanswered: c.command != "merge-in"}
	case "child-report":
		child := max(m.child(n), 1)
		o.Params.Report, o.Message = &ticket.ReportParams{Child: ticket.Number(child), Outcome: ticket.ChildHeld}, note
	case "child-report of a former":
		o.Params.Report, o.Message = &ticket.ReportParams{Child: 2, Outcome: ticket.ChildResolved}, note
	case "automatic-mail":
		o.Message = &ticket.NewMessage{Body: "I am on leave.", Format: "text", Author: ticket.By{Kind: ticket.ActorClient, Name: "Client"}}
	case "delivery-failed":
		o.Params.Failed = &ticket.FailedParams{Delivery: uuid.NewString(), State: "failed"}
	case "delivery-failed for good":
		o.Params.Failed = &ticket.FailedParams{Delivery: uuid.NewString(), State: "bounced", Verified: true, Hard: true, Final: true}
	default:
		require.Fail(m.t, "nobody says this", c.command)
	}
	r, _, err := m.queue.Store(m.t.Context(), o)
	require.NoError(m.t, err)
	require.NoError(m.t, m.bell.Ring(m.t.Context(), r.Number, r.Kind.String(), ticket.Ring{ID: r.ID, Seq: r.Seq}))
	return eventually(m.t, patience, c.command+" has its outcome", func() (string, bool) {
		var outcome string
		require.NoError(m.t, m.record.QueryRow(m.t.Context(), `select outcome from commands where ticket = $1 and seq = $2`, n, r.Seq).Scan(&outcome))
		return outcome, outcome != "pending"
	})
}

// byHand sends what nobody can read from Temporal's side, and looks at the event that it leaves.
func (m *matrix) byHand(n int64) string {
	m.t.Helper()
	events := func() int {
		return count(m.desk, m.record, `select count(*) from events where ticket = $1 and name = 'refused'`, n)
	}
	before := events()
	require.NoError(m.t, m.bell.Ring(m.t.Context(), ticket.Number(n), "dance", ticket.Ring{}))
	eventually(m.t, patience, "it leaves an event", func() (int, bool) { now := events(); return now, now == before+1 })
	return "refused"
}

// ring lets a clock of the ticket fall due, as if it had stood there long enough, and looks at what comes of it. Where the
// table says that there is nothing to do, no such clock runs.
func (m *matrix) ring(n int64, before ticketView, c cell) {
	m.t.Helper()
	p := m.process(n)
	at := -1
	for i, k := range p.Clocks {
		if k.State == ticket.Running && (k.Kind.Says() == c.kind() || k.Kind.Warns() == c.kind()) {
			at = i
		}
	}
	if !c.applied() {
		require.Negative(m.t, at, "%s in %s: such a clock runs", c.command, c.column)
		return
	}
	if at < 0 && (c.kind() == ticket.PromiseWarning || c.kind() == ticket.PromiseDue) {
		m.agent.command(n, "promise", object{"promise": object{"due_at": time.Now().Add(time.Hour), "text": "We call back."}})
		m.ring(n, m.admin().ticket(n), c)
		return
	}
	require.GreaterOrEqual(m.t, at, 0, "%s in %s: no such clock runs in ticket %d", c.command, c.column, n)
	past := time.Now().Add(-time.Second).UTC().Truncate(time.Microsecond)
	if p.Clocks[at].Kind.Warns() == c.kind() {
		require.False(m.t, p.Clocks[at].Warn.IsZero(), "%s in %s: it gives no warning", c.command, c.column)
		p.Clocks[at].Warn = past
	} else {
		p.Clocks[at].Due, p.Clocks[at].Warn = past, time.Time{}
	}
	_, err := m.record.Exec(m.t.Context(), `update tickets set process = $2, next_due_at = $3 where number = $1`, n, p, past)
	require.NoError(m.t, err)
	require.NoError(m.t, m.bell.Ring(m.t.Context(), ticket.Number(n), ticket.SignalBell, ticket.Ring{}))
	after := m.admin().awaitTicket(n, c.command, func(v ticketView) bool { return v.Revision > before.Revision })
	require.Equal(m.t, c.state(), short(after.State), "%s in %s", c.command, c.column)
	require.Equal(m.t, c.marked("t"), after.Tier == before.Tier+1, "%s in %s", c.command, c.column)
}

func (m *matrix) process(n int64) (p ticket.Process) {
	m.t.Helper()
	require.NoError(m.t, m.record.QueryRow(m.t.Context(), `select process from tickets where number = $1`, n).Scan(&p))
	return p
}

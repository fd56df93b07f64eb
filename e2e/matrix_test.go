package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"duradesk/dispatch"
	"duradesk/postgres"
	"duradesk/ticket"
)

// matrix is the desk on which the cells are tried, with everybody who acts there.
type matrix struct {
	*desk
	agent, lead, client *caller
	record              *pgxpool.Pool
	queue               *postgres.Queue
	bell                *dispatch.Bell
	into                int64 // a ticket that others are merged into
	over                int64 // a closed one
	elsewhere           int64 // one that messages are moved to
	tickets             *atomic.Int64
}

const cellClient = "cells@client.example"

func newMatrix(d *desk) *matrix {
	m := &matrix{desk: d, record: d.record(), bell: &dispatch.Bell{Client: d.temporal()}, tickets: new(atomic.Int64)}
	admin := d.admin()
	for _, made := range []struct {
		path string
		body object
	}{
		{"/groups", object{"key": "tier2", "name": "Tier 2"}},
		{"/desks", object{"key": "works", "name": "Works", "kind": "issue", "groups": []string{"support"}}},
		{"/desks", object{"key": "reopens", "name": "Reopens", "groups": []string{"support"}}},
		{"/policies", object{"desk": "reopens", "follow_up": "reopen"}},
	} {
		r := admin.call(http.MethodPost, made.path, made.body)
		require.Equal(d.t, http.StatusCreated, r.status, r)
	}
	m.agent, m.lead = m.staffOf("sato", "agent"), m.staffOf("kato", "lead")
	m.staffOf("tanaka", "agent")
	sealer, err := postgres.NewSealer(d.settings["DURADESK_SECRET_KEY"])
	require.NoError(d.t, err)
	store, err := postgres.Open(d.t.Context(), postgres.Config{URL: d.settings["DURADESK_DATABASE_URL"], Sealer: sealer, Wait: patience})
	require.NoError(d.t, err)
	d.t.Cleanup(store.Close)
	m.queue = postgres.NewQueue(store, postgres.QueueConfig{})
	m.into, m.over, m.elsewhere = m.opened("support"), m.opened("support"), m.opened("support")
	m.lead.command(m.over, "close", object{})
	m.client = m.clientOf(m.into)
	d.undoTime(120) // what is taken back has not left by then
	return m
}

func (m *matrix) in(t *testing.T) *matrix {
	inner := *m
	inner.desk = m.desk.in(t)
	for _, c := range []**caller{&inner.agent, &inner.lead, &inner.client} {
		*c = &caller{d: inner.desk, token: (*c).token}
	}
	return &inner
}

func (m *matrix) staffOf(key, role string) *caller {
	admin := m.admin()
	r := admin.call(http.MethodPost, "/agents", object{
		"key": key, "name": key, "email": key + "@staff.example", "role": role, "groups": []string{"support"}, "desks": []string{"support", "works", "reopens"},
	})
	require.Equal(m.t, http.StatusCreated, r.status, r)
	return m.token(object{"agent": key, "scopes": []string{"tickets:read", "tickets:act"}})
}

// clientOf lets the client of a ticket come in.
func (m *matrix) clientOf(n int64) *caller {
	var v struct {
		Client struct {
			ID string `json:"id"`
		} `json:"client"`
	}
	m.admin().read(ticketPath(n), &v)
	r := m.admin().call(http.MethodPut, "/clients/"+v.Client.ID+"/access", object{"access": "portal"})
	require.Equal(m.t, http.StatusOK, r.status, r)
	return m.token(object{"client": v.Client.ID, "scopes": []string{"tickets:read", "tickets:reply"}})
}

// opened is a new ticket at a desk.
func (m *matrix) opened(at string) int64 {
	m.t.Helper()
	m.tickets.Add(1)
	r := m.agent.call(http.MethodPost, "/tickets", object{
		"desk": at, "client": object{"name": "Client", "email": cellClient}, "channel": "phone", "title": "A cell", "message": object{"body": "They called."},
	})
	require.Contains(m.t, []int{http.StatusCreated, http.StatusAccepted}, r.status, r)
	n := r.receipt(m.desk).Number
	m.awaitApplied(n)
	return n
}

func (m *matrix) awaitApplied(n int64) {
	m.t.Helper()
	eventually(m.t, patience, fmt.Sprintf("nothing waits at ticket %d", n), func() (int, bool) {
		left := count(m.desk, m.record, `select count(*) from commands where ticket = $1 and outcome = 'pending'`, n)
		return left, left == 0
	})
}

// ticket brings a ticket into the state of a column, by commands as people would send them. What a command of the table
// needs (a second message, a promise, an answer that can be taken back) is there before.
func (m *matrix) ticket(column, command string) int64 {
	m.t.Helper()
	at := "support"
	if column == "reopens" {
		at = "reopens"
	}
	n := m.opened(at)
	do := func(name string, body object) { m.t.Helper(); m.agent.command(n, name, body) }
	if command == "" || strings.HasPrefix(command, "split") || strings.HasPrefix(command, "move") {
		for range 2 { // to be split off and moved
			do("client-reply", object{"message": says("They called again.")})
		}
	}
	wake := time.Now().Add(2 * time.Hour)
	held := object{"hold": object{"reason": "internal", "until": wake}} // for which no clock stands still
	answered := func(body object) object {
		if command == "withdraw" {
			body["message"] = says("To be taken back.")
		}
		return body
	}
	if column == "new" && !strings.HasPrefix(command, "next-response") {
		return n
	}
	if command == "withdraw" && column == "open" {
		do("agent-response", answered(object{}))
		return n
	}
	do("assign", object{"assign": object{"owner": "me"}})
	if strings.HasPrefix(command, "next-response") {
		do("agent-response", object{"message": says("We look into it.")})
		do("client-reply", object{"message": says("And now?")})
	}
	switch column {
	case "new":
		do("assign", object{"assign": object{"owner": nil}})
	case "open":
	case "on_hold":
		do("hold", answered(held))
	case "handed_over", "answered":
		do("escalate", object{"escalate": object{"desk": "works", "reason": "Yours."}})
		child := m.child(n)
		m.awaitApplied(child)
		if command == "withdraw" {
			do("agent-response", answered(object{}))
		}
		if column == "answered" {
			m.agent.command(child, "hold", object{"hold": object{"reason": "internal"}})
			m.agent.awaitState(n, "hand_over_answered")
		}
	case "resolved":
		do("resolve", object{"message": says("To be taken back, perhaps.")})
	case "internal":
		do("resolve", object{"resolve": object{"category": "other"}})
	case "abuse", "spam":
		do("resolve", object{"resolve": object{"category": column}})
	case "closed", "reopens":
		m.lead.command(n, "close", object{})
	case "merged":
		do("merge", object{"merge": object{"into": m.opened("support")}})
	case "deleted":
		do("resolve", object{"resolve": object{"category": "spam"}})
		m.lead.command(n, "delete", object{})
	default:
		require.Fail(m.t, "no way leads to this column", column)
	}
	return n
}

// child is the ticket that one was handed over to.
func (m *matrix) child(n int64) int64 {
	var v struct {
		HandOver *struct {
			Number int64 `json:"number"`
		} `json:"hand_over"`
	}
	m.agent.read(ticketPath(n), &v)
	if v.HandOver == nil {
		return 0
	}
	return v.HandOver.Number
}

// try sends a cell's command and looks at what came of it.
func (m *matrix) try(n int64, c cell) {
	m.t.Helper()
	before := m.admin().ticket(n)
	if c.kind().Timer() {
		m.ring(n, before, c)
		return
	}
	if c.command == "withdraw" && c.column == "handed_over" {
		c.want = "handed_over" // in the copy the hand-over itself is taken back, which carries no words from outside
	}
	id := uuid.NewString()
	outcome := m.send(n, id, c)
	after := m.admin().ticket(n)
	what := fmt.Sprintf("%s in %s (ticket %d): want %q, is %q %s", c.command, c.column, n, c.want, outcome, short(after.State))
	if !c.applied() {
		require.Equal(m.t, c.want, outcome, what)
		require.Equal(m.t, before.State, after.State, what)
		return
	}
	require.Equal(m.t, "applied", outcome, what)
	require.Equal(m.t, c.state(), short(after.State), what)
	require.Equal(m.t, c.marked("t"), after.Tier == before.Tier+1, what)
	m.told(n, id, before, c, what)
}

// told looks at the timeline: whether the message is kept, whether it is mailed, and which line of the table answered.
func (m *matrix) told(n int64, id string, before ticketView, c cell, what string) {
	m.t.Helper()
	kept, mailed := false, false
	for _, item := range m.admin().timeline(n) {
		if item.CommandID != id {
			continue
		}
		kept, mailed = kept || item.Type != "event", mailed || len(item.Delivery) > 0
		if item.Event != nil && item.Event.Cause.Rule != "" {
			require.True(m.t, strings.HasPrefix(item.Event.Cause.Rule, before.State+"/"+c.kind().String()), "%s: answered by %s", what, item.Event.Cause.Rule)
		}
	}
	if c.kind() != ticket.Withdraw && c.column != "deleted" && c.state() != "deleted" {
		require.Equal(m.t, c.marked("k"), kept, what)
		require.Equal(m.t, c.marked("m"), mailed, what)
	}
}

// send sends a command as whoever may, and tells its outcome. What only the desk itself says is put into the queue as the
// desk does it.
func (m *matrix) send(n int64, id string, c cell) string {
	m.t.Helper()
	if c.kind() == ticket.Unreadable {
		return m.byHand(n)
	}
	if c.kind().System() || c.kind() == ticket.Create {
		return m.store(n, id, c)
	}
	by := m.agent
	switch c.kind() { //nolint:exhaustive // an agent may the rest
	case ticket.ClientVerdict, ticket.Feedback:
		by = m.client
	case ticket.Close, ticket.Restore:
		by = m.lead
	case ticket.Delete:
		if by = m.lead; c.command == "delete by admin" {
			by = m.admin()
		}
	}
	body := m.body(n, c)
	body["id"] = id
	r := by.call(http.MethodPost, ticketPath(n)+"/"+c.kind().String(), body)
	switch {
	case r.status == http.StatusConflict && r.problem(m.desk).Type == "/problems/refused":
		return "refused"
	case r.status == http.StatusUnprocessableEntity && c.column == "deleted", r.status == http.StatusUnprocessableEntity && c.command == "merge in a ring":
		return "refused" // of what was destroyed nothing can be named; and nobody names the ticket itself
	case r.status == http.StatusNotFound && c.column == "deleted":
		return "refused" // to the client it is gone
	case r.status == http.StatusAccepted:
		return by.awaitReceipt(id).Outcome
	}
	require.Equal(m.t, http.StatusOK, r.status, "%s in %s: %s", c.command, c.column, r)
	return r.receipt(m.desk).Outcome
}

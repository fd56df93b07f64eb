package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/e2e/model"
)

// keptTicket is a ticket as its row has it.
type keptTicket struct {
	Number   int64
	State    string
	Tier     int
	Revision int64
	Due      *time.Time
}

// everyTicketAgrees: what its events tell, what its row says, what its workflow holds and waits for, and what the model of
// PRODUCT's table makes of its commands.
func (c *chaos) everyTicketAgrees() {
	c.t.Helper()
	rows, err := c.pool.Query(c.t.Context(), `select number, state, tier, revision, next_due_at from tickets order by number`)
	require.NoError(c.t, err)
	tickets, err := pgx.CollectRows(rows, pgx.RowToStructByPos[keptTicket])
	require.NoError(c.t, err)
	tc := c.temporal()
	for _, k := range tickets {
		state := ""
		for _, line := range lines(c.desk, c.pool, `select from_state || ' ' || to_state from events where ticket = $1 order by n`, k.Number) {
			from, to := twoWords(line)
			if from != "" && from != state {
				c.finds(disagrees, "ticket %d: an event leads from %s, and it was %s", k.Number, from, state)
			}
			state = or(to, state)
		}
		if state != k.State {
			c.finds(disagrees, "ticket %d is %s, and its events say %s", k.Number, k.State, state)
		}
		var stand standView
		if !eventuallyOr(patience, func() bool {
			answer, err := tc.QueryWorkflow(c.t.Context(), fmt.Sprintf("ticket-%d", k.Number), "", "state")
			return err == nil && answer.Get(&stand) == nil && stand.Process.State == k.State && stand.Process.Revision == k.Revision
		}) {
			c.finds(disagrees, "ticket %d is %s at revision %d, and its workflow knows %+v", k.Number, k.State, k.Revision, stand.Process)
		}
		if waits := pending(c.desk, history(c.desk, tc, fmt.Sprintf("ticket-%d", k.Number), "")); k.Due != nil && len(waits) == 0 {
			c.finds(leftOver, "ticket %d is due at %v, and its workflow waits for nothing", k.Number, k.Due)
		}
		c.modelAgrees(k)
	}
	c.t.Logf("%d tickets", len(tickets))
}

func twoWords(line string) (first, second string) {
	for i := range line {
		if line[i] == ' ' {
			return line[:i], line[i+1:]
		}
	}
	return line, ""
}

// eventuallyOr waits until something holds, and tells whether it did.
func eventuallyOr(within time.Duration, holds func() bool) bool {
	began, deadline := time.Now(), time.NewTimer(within)
	defer deadline.Stop()
	for {
		if holds() {
			return true
		}
		select {
		case <-time.After(lookAgain(time.Since(began))):
		case <-deadline.C:
			return false
		}
	}
}

// taken is a command as it was taken: with its outcome and the state after it.
type taken struct {
	Seq             int64
	Name, Kind, Who string
	At              time.Time
	Params          []byte
	Message         bool
	Outcome         string
	State           string
}

// modelAgrees lets the model answer the ticket's commands in the order in which they were taken: by their instants, a
// clock after a command of the same.
func (c *chaos) modelAgrees(k keptTicket) {
	c.t.Helper()
	rows, err := c.pool.Query(c.t.Context(), `select c.seq, c.name, c.by_kind, c.by_id, c.at, c.params, c.message is not null, c.outcome, coalesce(r.process->>'state', '')
		from commands c left join revisions r on r.ticket = c.ticket and r.revision = c.revision where c.ticket = $1`, k.Number)
	require.NoError(c.t, err)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[taken])
	require.NoError(c.t, err)
	clock := func(t taken) bool { return t.Name == "wake-due" || t.Name == "auto-close-due" }
	slices.SortFunc(all, func(a, b taken) int {
		if d := a.At.Compare(b.At); d != 0 {
			return d
		}
		if clock(a) != clock(b) {
			return map[bool]int{true: 1, false: -1}[clock(a)]
		}
		return int(a.Seq - b.Seq)
	})
	children := lines(c.desk, c.pool, `select number::text from tickets t where exists
		(select from commands c where c.ticket = t.number and c.seq = 1 and c.params->'create'->>'parent' = ($1::bigint)::text) order by number`, k.Number)
	var m model.Ticket
	for _, t := range all {
		outcome := m.Take(asked(c, t, &m, children))
		if outcome != t.Outcome || m.State != t.State {
			c.finds(disagrees, "ticket %d, command %d (%s %s): it was %s and is %s; the model says %s and %s", k.Number, t.Seq, t.Name, t.Params, t.Outcome, t.State, outcome, m.State)
			return
		}
	}
	if m.Tier != k.Tier {
		c.finds(disagrees, "ticket %d is at tier %d, the model says %d", k.Number, k.Tier, m.Tier)
	}
}

// asked is a command as the model takes it.
func asked(c *chaos, t taken, m *model.Ticket, children []string) model.Command {
	c.t.Helper()
	var p struct {
		Create   struct{ Owner *string }
		Resolve  struct{ Category string }
		Escalate struct{ Desk string }
		Assign   struct{ Owner *string }
		Verdict  struct{ Verdict string }    `json:"client_verdict"`
		MergeIn  struct{ Unanswered bool }   `json:"merge_in"`
		Report   struct{ Child json.Number } `json:"child_report"`
		Failed   struct{ Hard, Final bool }  `json:"delivery_failed"`
		Classify map[string]json.RawMessage
	}
	require.NoError(c.t, json.Unmarshal(t.Params, &p), string(t.Params))
	tagsOnly := true
	for key := range p.Classify {
		tagsOnly = tagsOnly && (key == "tags" || key == "fields")
	}
	owner := p.Assign.Owner
	if t.Name == "create" {
		owner = p.Create.Owner
	}
	last := m.HandOvers > 0 && m.HandOvers <= len(children) && children[m.HandOvers-1] == p.Report.Child.String()
	return model.Command{
		Name: t.Name, By: t.Who, Agent: t.Kind == "agent", Message: t.Message, Category: p.Resolve.Category, Desk: p.Escalate.Desk != "", Owner: owner,
		TagsOnly: tagsOnly, Verdict: p.Verdict.Verdict, Waits: p.MergeIn.Unanswered, LastChild: last, HardEnd: p.Failed.Hard && p.Failed.Final,
	}
}

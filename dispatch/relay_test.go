package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"duradesk/dispatch/temporaltest"
	"duradesk/ticket"
)

// record is what the relay reads, in memory.
type record struct {
	mu         sync.Mutex
	unrung     []ticket.Unrung
	unrang     []ticket.Number
	rung       []ticket.Number
	unstarted  []string
	roused     []string
	unfinished []string
	started    []string
	overdue    []ticket.Number
	chores     []ticket.Chore
	mailboxes  []string
	untold     []string
	open       []ticket.Number
	err        error
}

func (r *record) Unrung(context.Context, int) ([]ticket.Unrung, error) { return r.unrung, r.err }

func (r *record) Rung(_ context.Context, tickets []ticket.Number) error {
	r.rung = append(r.rung, tickets...)
	return nil
}

func (r *record) Unring(_ context.Context, n ticket.Number) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unrang = append(r.unrang, n)
	return nil
}

func (r *record) Unstarted(context.Context, int) ([]string, error) { return r.unstarted, nil }

func (r *record) Roused(context.Context, int) ([]string, error) { return r.roused, nil }

func (r *record) Unfinished(_ context.Context, after string, limit int) ([]string, error) {
	var out []string
	for _, id := range r.unfinished {
		if id > after && len(out) < limit {
			out = append(out, id)
		}
	}
	return out, nil
}

func (r *record) Started(_ context.Context, ids []string) error {
	r.started = append(r.started, ids...)
	return nil
}

func (r *record) Chores(context.Context, int, bool) ([]ticket.Chore, error) { return r.chores, nil }

func (r *record) Overdue(_ context.Context, after ticket.Overdue, limit int) ([]ticket.Overdue, error) {
	var out []ticket.Overdue
	for _, n := range r.overdue {
		if n > after.Number && len(out) < limit {
			out = append(out, ticket.Overdue{Number: n})
		}
	}
	return out, nil
}

func (r *record) CleanFiles(context.Context) error { return nil }

func (r *record) MailboxesToWatch(context.Context) ([]string, error) { return r.mailboxes, nil }

func (r *record) OpenTickets(_ context.Context, after ticket.Number, limit int) ([]ticket.Number, error) {
	var out []ticket.Number
	for _, n := range r.open {
		if n > after && len(out) < limit {
			out = append(out, n)
		}
	}
	return out, nil
}

func (r *record) UntoldNotices(context.Context, int) ([]string, error) { return r.untold, nil }
func (r *record) UntellNotices(_ context.Context, agent string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.untold = append(r.untold, agent)
	return nil
}

func relay(t *testing.T, r *record) (*Relay, client.Client) {
	t.Helper()
	c := temporaltest.Client(t, temporaltest.Namespace(t))
	return &Relay{Bell: &Bell{Client: c}, Record: r, Log: slog.New(slog.DiscardHandler)}, c
}

func TestTheRelayRingsAndStartsWhatWasNot(t *testing.T) {
	t.Parallel()
	r := &record{
		unrung:    []ticket.Unrung{{Number: 1001, Seq: 3, ID: "a", Name: "client-reply"}, {Number: 1002, Seq: 7, ID: "b", Name: "hold"}},
		unstarted: []string{"d1", "d2"},
		roused:    []string{"d3"},
		chores:    []ticket.Chore{{Workflow: ticket.WorkflowWebhook, ID: "w1"}, {Workflow: ticket.WorkflowBulkJob, ID: "j1"}},
	}
	relay, c := relay(t, r)
	require.NoError(t, relay.look(t.Context()))
	require.Len(t, signals(t, c, "webhook-w1"), 1)
	require.Len(t, signals(t, c, "bulk-j1"), 1)
	require.Equal(t, [][2]string{{"client-reply", `{"id":"a","seq":3}`}}, signals(t, c, "ticket-1001"))
	require.Equal(t, [][2]string{{"hold", `{"id":"b","seq":7}`}}, signals(t, c, "ticket-1002"))
	require.Equal(t, []string{"d1", "d2", "d3"}, r.started)
	require.Empty(t, signals(t, c, "delivery-d2"))
	require.NotEmpty(t, history(t, c, "delivery-d2"))
	require.Len(t, signals(t, c, "delivery-d3"), 1, "one that waits is rung")
	slices.Sort(r.rung)
	require.Equal(t, []ticket.Number{1001, 1002}, r.rung, "noted when it was done, not before")
	require.NoError(t, relay.look(t.Context()), "two relays at once, or one twice: no harm")
	require.Empty(t, r.unrang)
}

func TestTheRelayTellsOfNoticesThatAreToBeMailed(t *testing.T) {
	t.Parallel()
	r := &record{untold: []string{"sato", "lead"}}
	relay, c := relay(t, r)
	require.NoError(t, relay.look(t.Context()))
	require.Equal(t, [][2]string{{"bell", ""}}, signals(t, c, "notices-sato"))
	require.Equal(t, [][2]string{{"bell", ""}}, signals(t, c, "notices-lead"))
	c.Close() // Temporal is away
	r.untold = []string{"kato"}
	require.NoError(t, relay.notices(t.Context()))
	require.Equal(t, []string{"kato", "kato"}, r.untold, "taken back")
}

// TestWhatCannotBeStartedKeepsNothingElseWaiting: each delivery that could be started is noted, and notices, mails that are
// roused and chores have their turn, whatever became of the others.
func TestWhatCannotBeStartedKeepsNothingElseWaiting(t *testing.T) {
	t.Parallel()
	endless := strings.Repeat("d", 2000) // more than any workflow's id may have
	r := &record{
		unstarted: []string{endless, "d1", "d2"}, roused: []string{endless, "d3"}, untold: []string{"sato"},
		chores: []ticket.Chore{{Workflow: ticket.WorkflowWebhook, ID: endless}, {Workflow: ticket.WorkflowWebhook, ID: "w1"}},
	}
	relay, c := relay(t, r)
	require.Error(t, relay.look(t.Context()))
	require.Equal(t, []string{"d1", "d2", "d3"}, r.started)
	require.Len(t, signals(t, c, "notices-sato"), 1)
	require.Len(t, signals(t, c, "webhook-w1"), 1)
}

func TestABellThatCouldNotBeRungIsTakenBack(t *testing.T) {
	t.Parallel()
	r := &record{
		unrung:    []ticket.Unrung{{Number: 1001, Seq: 3, ID: "a", Name: "client-reply"}, {Number: 1002, Seq: 7, ID: "b", Name: "hold"}},
		unstarted: []string{"d1"},
	}
	relay, c := relay(t, r)
	c.Close() // Temporal is away
	require.Error(t, relay.look(t.Context()))
	slices.Sort(r.unrang)
	require.Equal(t, []ticket.Number{1001, 1002}, r.unrang, "the next look finds them again")
	require.Empty(t, r.rung)
	require.Empty(t, r.started)
}

func TestTheSweeperWatchesMailboxesAndRingsForLostTimers(t *testing.T) {
	t.Parallel()
	r := &record{mailboxes: []string{"m1"}, overdue: []ticket.Number{1001, 1002}}
	relay, c := relay(t, r)
	swept := 0
	relay.Swept = func() { swept++ }
	require.NoError(t, relay.sweep(t.Context()))
	require.Equal(t, 2, swept)
	require.Equal(t, [][2]string{{"bell", ""}}, signals(t, c, "ticket-1002"))
	require.NotEmpty(t, history(t, c, "mailbox-m1"))
}

// TestTheSweeperComesToEachInTurn: a page of tickets for which ringing does not help does not hide the next.
func TestTheSweeperComesToEachInTurn(t *testing.T) {
	t.Parallel()
	page := []ticket.Overdue{{Number: 1001}, {Number: 1002}}
	require.Equal(t, page[1], behind(page, 2))
	require.Zero(t, behind(page, 3), "that was the last: the next begins again")
	require.Zero(t, behind(nil, 3))

	r := &record{overdue: []ticket.Number{1001, 1002}}
	relay, c := relay(t, r)
	relay.swept = page[0]
	require.NoError(t, relay.sweep(t.Context()))
	require.Len(t, signals(t, c, "ticket-1002"), 1)
	require.NoError(t, relay.sweep(t.Context()))
	require.Len(t, signals(t, c, "ticket-1001"), 1)
	require.Len(t, signals(t, c, "ticket-1002"), 2)
}

func TestARebuildPagesThroughEverything(t *testing.T) {
	t.Parallel()
	r := &record{mailboxes: []string{"m1"}, unfinished: []string{"d1", "d2"}}
	for n := range 502 {
		r.open = append(r.open, ticket.Number(1001+n))
	}
	relay, c := relay(t, r)
	var told []int
	require.NoError(t, relay.Rebuild(t.Context(), func(done int) { told = append(told, done) }))
	require.Equal(t, []int{500, 502}, told)
	require.NotEmpty(t, history(t, c, fmt.Sprint("ticket-", 1502)))
	require.Equal(t, []string{"d1", "d2"}, r.started)
	require.NotEmpty(t, history(t, c, "delivery-d1"))
	require.NotEmpty(t, history(t, c, "mailbox-m1"))
}

func TestARelayGoesOnAfterAnError(t *testing.T) {
	t.Parallel()
	r := &record{err: errors.New("the database is away"), mailboxes: []string{"m1"}}
	relay, c := relay(t, r)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); relay.Run(ctx) }()
	require.NotEmpty(t, started(ctx, t, c, "mailbox-m1"))
	cancel()
	<-done
}

// started waits for a workflow's first event.
func started(ctx context.Context, t *testing.T, c client.Client, id string) string {
	t.Helper()
	for {
		d, err := c.DescribeWorkflowExecution(ctx, id, "")
		if err == nil {
			return d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
		}
		require.NoError(t, ctx.Err())
	}
}

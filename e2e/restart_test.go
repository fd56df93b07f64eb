package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
)

// An orderly stop and a new start find every ticket and every timer; timers that are real ring at their second.
func TestRestartAndTimers(t *testing.T) {
	t.Parallel()
	d := startWholeDesk(t)
	t.Run("RestartFindsEverything", func(t *testing.T) { restartFindsEverything(d.in(t), d) })
	t.Run("TimersRingAtTheirSecond", func(t *testing.T) { timersRingAtTheirSecond(d.in(t)) })
}

// lateness is what a timer may be late on a busy machine; the figures are told.
const lateness = soon

func restartFindsEverything(d, outer *desk) {
	admin := d.admin()
	fresh := admin.newTicket("Fresh", "fresh@client.example")
	sleeping := admin.newTicket("Sleeping", "sleeping@client.example")
	done := admin.newTicket("Done", "done@client.example")
	admin.command(done, "resolve", object{"message": says("Done.")})
	d.awaitMail("done@client.example", 1)
	// Later than a slow machine needs to stop and to start.
	wake := time.Now().Add(time.Minute).UTC().Truncate(time.Millisecond)
	admin.command(sleeping, "hold", object{"hold": object{"reason": "scheduled", "until": wake}})
	require.Equal(d.t, wake, *admin.ticket(sleeping).Hold.Until)
	numbers := []int64{fresh, sleeping, done}
	before := stands(d, d.temporal(), numbers)
	require.Contains(d.t, before[done], "auto-close "+admin.ticket(done).ClosesAt.UTC().Format("2006-01-02 15:04:05Z"))
	require.Contains(d.t, before[sleeping], "wake from hold "+wake.Format("2006-01-02 15:04:05Z"))

	start := time.Now()
	d.stop()
	stopped := time.Since(start)
	d.start()
	outer.up, outer.out = d.up, d.out
	d.t.Logf("stopped within %v, up again after %v", stopped.Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
	inTime := time.Now().Before(wake)

	c := d.temporal()
	require.Equal(d.t, before, stands(d, c, numbers), "the same runs wait for the same timers")
	for query, want := range map[string]int{
		"WorkflowType = 'Ticket' AND ExecutionStatus = 'Running'": 3, "TicketState = 'resolved'": 1, fmt.Sprintf("TicketNumber = %d", fresh): 1,
	} {
		eventually(d.t, patience, query, func() (int, bool) { n := len(workflows(d, c, query)); return n, n == want })
	}
	woken := admin.awaitState(sleeping, "open")
	seen := time.Since(wake)
	require.Equal(d.t, wake, woken.at(admin, "woken"), "the event has the timer's instant")
	require.Positive(d.t, seen)
	if inTime {
		d.t.Logf("woke %v after its second", seen.Round(time.Millisecond))
		require.Less(d.t, seen, lateness)
	}
	admin.command(fresh, "agent-response", object{"message": says("It goes on.")})
	d.awaitMail("fresh@client.example", 1)
	d.reconcile(d.record())
}

// stands tells of each ticket its run and the timers that it waits for.
func stands(d *desk, c client.Client, numbers []int64) map[int64]string {
	d.t.Helper()
	out := map[int64]string{}
	for _, n := range numbers {
		run, runs, err := running(d.t.Context(), c, n)
		require.NoError(d.t, err)
		require.True(d.t, runs)
		out[n] = run + " " + strings.Join(pending(d, history(d, c, fmt.Sprintf("ticket-%d", n), run)), ", ")
	}
	return out
}

// pending lists the summaries of the timers that neither rang nor were cancelled.
func pending(d *desk, events []*historypb.HistoryEvent) []string {
	d.t.Helper()
	waiting := map[string]string{}
	for _, e := range events {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_TIMER_STARTED:
			waiting[e.GetTimerStartedEventAttributes().GetTimerId()] = text(d, e.GetUserMetadata().GetSummary())
		case enumspb.EVENT_TYPE_TIMER_FIRED:
			delete(waiting, e.GetTimerFiredEventAttributes().GetTimerId())
		case enumspb.EVENT_TYPE_TIMER_CANCELED:
			delete(waiting, e.GetTimerCanceledEventAttributes().GetTimerId())
		}
	}
	return slices.Sorted(maps.Values(waiting))
}

// at is when the ticket's last event of a name happened.
func (v ticketView) at(c *caller, name string) time.Time {
	c.d.t.Helper()
	var at time.Time
	var names []string
	for _, item := range c.timeline(v.Number) {
		if item.Event != nil {
			names = append(names, item.Event.Name)
			if item.Event.Name == name {
				at = item.At
			}
		}
	}
	require.NotZero(c.d.t, at, "%s among %v", name, names)
	return at
}

// A desk whose deadlines are seconds: a breach is told at its second, a resolved ticket closes at its, its workflow
// ends, and a reply to it opens a ticket of its own that is linked.
func timersRingAtTheirSecond(d *desk) {
	_, err := d.record().Exec(d.t.Context(), `with p as (insert into policies (desk, version, settings)
		select 'support', 2, settings || '{"version": 2, "first_response": 3000000000, "auto_close": 3000000000}' from policies where version = 1 returning version)
		update desks set policy = p.version from p where key = 'support'`)
	require.NoError(d.t, err)
	admin, c := d.admin(), d.temporal()
	n := admin.newTicket("In seconds", "seconds@client.example")
	made := admin.awaitState(n, "new")
	breached := admin.awaitTicket(n, "breached, one tier up", func(v ticketView) bool { return v.Tier == 2 })
	seen := time.Now()
	due := made.CreatedAt.Add(3 * time.Second)
	require.Equal(d.t, due, breached.at(admin, "first_response_breached"))
	d.t.Logf("the breach was seen %v after its second", seen.Sub(due).Round(time.Millisecond))
	require.Less(d.t, seen.Sub(due), lateness)

	admin.command(n, "resolve", object{"message": says("Done.")})
	m := d.awaitMail("seconds@client.example", 1)
	resolved := admin.ticket(n)
	closed := admin.awaitState(n, "closed")
	seen = time.Now()
	if resolved.State == "resolved" {
		require.Equal(d.t, *resolved.ClosesAt, closed.at(admin, "closed"))
	}
	d.t.Logf("closed, seen %v after its second", seen.Sub(closed.at(admin, "closed")).Round(time.Millisecond))
	require.Less(d.t, seen.Sub(closed.at(admin, "closed")), lateness)
	require.Equal(d.t, 3*time.Second, closed.at(admin, "closed").Sub(*closed.ResolvedAt))
	eventually(d.t, patience, "its workflow ends", func() (bool, bool) {
		_, runs, err := running(d.t.Context(), c, n)
		return runs, err == nil && !runs
	})

	d.send(m.reply(letter{name: "Seconds", from: "seconds@client.example", body: "It broke again."}))
	ack := d.awaitMail("seconds@client.example", 2)
	found := admin.list("email=seconds@client.example")
	require.Len(d.t, found, 2)
	follow := found[slices.IndexFunc(found, func(v ticketView) bool { return v.Number != n })]
	require.Equal(d.t, []linkView{{"follow_up", n}}, follow.Links)
	require.Contains(d.t, ack.subject, fmt.Sprintf("[#%d]", follow.Number))
	require.Equal(d.t, "closed", admin.ticket(n).State)
	require.Equal(d.t, []linkView{{"follow_up", follow.Number}}, admin.ticket(n).Links)
}

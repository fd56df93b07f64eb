package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// One desk for what is told apart by its tickets.
func TestCommands(t *testing.T) {
	t.Parallel()
	d := startDesk(t)
	t.Run("OneIDIsOneCommand", func(t *testing.T) { oneIDIsOneCommand(d.in(t)) })
	t.Run("StaleSendIsRefused", func(t *testing.T) { staleSendIsRefused(d.in(t)) })
	t.Run("SignalsByHand", func(t *testing.T) { signalsByHand(d.in(t)) })
	t.Run("Latency", func(t *testing.T) { latency(d.in(t)) })
}

// in is the desk as a subtest sees it.
func (d *desk) in(t *testing.T) *desk {
	inner := *d
	inner.t = t
	return &inner
}

// The same id ten times at once: one effect, ten equal receipts. Another body under that id: refused.
func oneIDIsOneCommand(d *desk) {
	admin := d.admin()
	n := admin.newTicket("Ten times at once", "ten@client.example")
	admin.awaitState(n, "new")
	body := object{"id": "ten-times", "message": says("Once only.")}

	replies := make([]reply, 10)
	var all sync.WaitGroup
	for i := range replies {
		all.Go(func() {
			var err error
			if replies[i], err = admin.try(d.t.Context(), http.MethodPost, ticketPath(n)+"/agent-response", body); err != nil {
				d.t.Error(err)
			}
		})
	}
	all.Wait()
	admin.awaitReceipt("ten-times")
	for _, r := range replies {
		require.Contains(d.t, []int{http.StatusOK, http.StatusAccepted}, r.status, r)
		if r.status == http.StatusAccepted { // a busy machine; its receipt must be the same later
			r = admin.call(http.MethodPost, ticketPath(n)+"/agent-response", body)
		}
		v, first := r.receipt(d), replies[0].receipt(d)
		require.Equal(d.t, "applied", v.Outcome, r)
		v.Ticket, first.Ticket = nil, nil
		if replies[0].status == http.StatusOK {
			require.Equal(d.t, first, v)
		}
	}
	d.awaitMail("ten@client.example", 1)
	said := 0
	for _, item := range admin.timeline(n) {
		if item.Body == "Once only." {
			said++
			require.Len(d.t, item.Delivery, 1)
		}
	}
	require.Equal(d.t, 1, said)

	other := admin.call(http.MethodPost, ticketPath(n)+"/agent-response", object{"id": "ten-times", "message": says("Something else.")})
	require.Equal(d.t, http.StatusUnprocessableEntity, other.status, other)
	require.Equal(d.t, "/problems/id-reused", other.problem(d).Type)
	elsewhere := admin.newTicket("Another ticket", "ten@client.example")
	other = admin.call(http.MethodPost, ticketPath(elsewhere)+"/agent-response", body)
	require.Equal(d.t, http.StatusUnprocessableEntity, other.status, other)
	d.awaitMail("ten@client.example", 1)
}

// Two agents answer at once: the one who did not see the other's answer is refused, is shown it, and keeps his text.
func staleSendIsRefused(d *desk) {
	admin := d.admin()
	sato, tanaka := admin.staff("sato", "Sato"), admin.staff("tanaka", "Tanaka")
	n := admin.newTicket("Two agents", "two@client.example")
	seen := admin.awaitTicket(n, "applied", func(v ticketView) bool { return v.Revision > 0 }).Revision

	// A change of state or owner alone is nothing that must have been seen.
	sato.command(n, "assign", object{"assign": object{"owner": "me"}})
	first := sato.command(n, "agent-response", object{"id": "sato-1", "seen_revision": seen, "message": says("Sato answers.")})
	require.Equal(d.t, "applied", first.Outcome)

	r := tanaka.call(http.MethodPost, ticketPath(n)+"/agent-response", object{"id": "tanaka-1", "seen_revision": seen, "message": says("Tanaka answers.")})
	require.Equal(d.t, http.StatusConflict, r.status, r)
	p := r.problem(d)
	require.Equal(d.t, "/problems/stale", p.Type)
	require.Len(d.t, p.Unseen, 1, r)
	require.Equal(d.t, "Sato answers.", p.Unseen[0].Body)
	require.NotEmpty(d.t, p.DraftID)
	require.Equal(d.t, "refused", p.Receipt.Outcome)

	again := tanaka.call(http.MethodPost, ticketPath(n)+"/agent-response", object{"id": "tanaka-1", "seen_revision": seen, "message": says("Tanaka answers.")})
	require.Equal(d.t, http.StatusConflict, again.status, "a repeated id gets the first answer again: %s", again)
	knowing := object{"id": "tanaka-2", "seen_revision": *first.Revision, "message": says("Tanaka adds.")}
	tanaka.command(n, "agent-response", knowing)
	d.awaitMail("two@client.example", 2)
	for _, item := range admin.timeline(n) {
		require.NotEqual(d.t, "Tanaka answers.", item.Body, fmt.Sprint(item))
	}
}

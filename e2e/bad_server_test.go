package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// answersThroughABadServer queues an answer to each of many tickets while the mail server behaves as badly as servers
// can and the sender is killed again and again. Then each answer has one end that is true: nobody has two mails, none is
// lost, and what nobody can know is called uncertain.
func answersThroughABadServer(t *testing.T, b *backlog, answers, kills int) {
	t.Helper()
	s := startSink(t)
	require.Equal(t, http.StatusOK, b.admin().call(http.MethodPatch, "/desks/support", object{"undo_send_seconds": 0}).status)
	_, err := b.record.Exec(t.Context(), `update mailboxes set smtp_addr = $1`, s.addr)
	require.NoError(t, err)
	numbers := b.answerable(answers)
	start := time.Now()
	queued, ctx := errgroup.WithContext(t.Context())
	queued.Go(func() error { return b.answerAll(ctx, numbers) })

	done := func() int { return b.answered(`finished_at is not null`) }
	for kill := range kills {
		w := b.worker()
		goal := min(answers*(kill+1)/(kills+2), answers)
		eventually(t, 10*time.Minute, fmt.Sprintf("%d answers have their end", goal), func() (int, bool) { n := done(); return n, n >= goal })
		w.Signal(syscall.SIGKILL)
		<-w.Done()
	}
	require.NoError(t, queued.Wait())
	b.worker()
	eventually(t, 20*time.Minute, "every answer has its end", func() (int, bool) { n := done(); return n, n == answers })
	t.Logf("%d answers through a bad server, %d kills, %v; %d accepted, %d uncertain, %d failed", answers, kills, time.Since(start).Round(time.Second),
		b.answered(`state = 'accepted'`), b.answered(`state = 'uncertain'`), b.answered(`state = 'failed'`))
	b.requireTrueEnds(s, answers)
}

// answerable are tickets that a person's mail opened.
func (b *backlog) answerable(n int) []int64 {
	b.t.Helper()
	rows, err := b.record.Query(b.t.Context(), `select distinct l.ticket from ledger l where l.fate = 'message' order by 1 limit $1`, n)
	require.NoError(b.t, err)
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(b.t, err)
	require.Len(b.t, numbers, n)
	return numbers
}

// answerAll stores an answer to each; while the worker is away it is stored all the same (202).
func (b *backlog) answerAll(ctx context.Context, numbers []int64) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	admin := b.admin()
	for _, n := range numbers {
		g.Go(func() error {
			r, err := admin.try(ctx, http.MethodPost, ticketPath(n)+"/agent-response", object{"id": fmt.Sprint("bad-", n), "message": says(fmt.Sprint("Answer to ", n))})
			if err == nil && r.status != http.StatusOK && r.status != http.StatusAccepted {
				err = fmt.Errorf("ticket %d: %s", n, r)
			}
			return err
		})
	}
	return g.Wait()
}

// answered counts the mails of those answers.
func (b *backlog) answered(condition string) int {
	return count(b.desk, b.record, `select count(*) from deliveries d join commands c on c.message = d.message where c.id like 'bad-%' and `+condition)
}

// requireTrueEnds holds what the desk says of each answer against what the server has.
func (b *backlog) requireTrueEnds(s *sink, answers int) {
	b.t.Helper()
	rows, err := b.record.Query(b.t.Context(), `select d.ticket, d.mail_id, d.state, r.address, r.state, coalesce(r.reason, '') from deliveries d
		join commands c on c.message = d.message join recipients r on r.delivery = d.id where c.id like 'bad-%'`)
	require.NoError(b.t, err)
	ends, err := pgx.CollectRows(rows, pgx.RowToStructByPos[end])
	require.NoError(b.t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	var uncertain []int64
	for _, e := range ends {
		b.requireTrueEnd(s, e)
		if e.State == "uncertain" {
			uncertain = append(uncertain, e.Ticket)
		}
	}
	require.Len(b.t, ends, answers, "none is lost")
	require.NotEmpty(b.t, uncertain)
	b.t.Logf("%d conversations", s.talks)
	eventually(b.t, patience, "each uncertain one needs attention", func() (int, bool) {
		n := count(b.desk, b.record, `select count(*) from tickets where number = any($1) and failed`, uncertain)
		return n, n == len(uncertain)
	})
	for _, number := range uncertain[:min(len(uncertain), 5)] {
		told := false
		for _, item := range b.admin().timeline(number) {
			for _, d := range item.Delivery {
				told = told || d.State == "uncertain" && d.Reason != nil
			}
		}
		require.True(b.t, told, "ticket %d says that its answer is uncertain, and why", number)
	}
}

// end is what the desk says of one answer to one recipient.
type end struct {
	Ticket                               int64
	Mail, State, To, OfRecipient, Reason string
}

func (b *backlog) requireTrueEnd(s *sink, e end) {
	b.t.Helper()
	// An acknowledgement that had not left before goes to the same person through the same server.
	ours := slices.DeleteFunc(slices.Clone(s.taken[e.To]), func(h handed) bool { return h.id != "<"+e.Mail+">" })
	known := slices.ContainsFunc(ours, func(h handed) bool { return h.known })
	require.LessOrEqual(b.t, len(ours), 1, "handed over twice to %s: what may have been taken is not sent again", e.To)
	require.Equal(b.t, e.State, e.OfRecipient)
	switch e.State {
	case "accepted":
		require.True(b.t, known, "%s says accepted", e.To)
	case "uncertain":
		require.NotEmpty(b.t, e.Reason, "it says why")
	case "failed":
		require.Empty(b.t, ours)
		require.Contains(b.t, s.told[e.To], "554")
		require.Contains(b.t, e.Reason, "554")
	default:
		require.Fail(b.t, "an answer without an end", "%s: %s", e.To, e.State)
	}
	if known {
		require.Contains(b.t, []string{"accepted", "uncertain"}, e.State, "the server has it")
	}
}

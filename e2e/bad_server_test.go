package e2e

import (
	"context"
	"fmt"
	"net/http"
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
	var numbers []int64
	for rows.Next() {
		var number int64
		require.NoError(b.t, rows.Scan(&number))
		numbers = append(numbers, number)
	}
	require.NoError(b.t, rows.Err())
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

// otherMails are those that are no answers: an acknowledgement that waited for a busy desk leaves through the bad server too.
func (b *backlog) otherMails() map[string]bool {
	b.t.Helper()
	rows, err := b.record.Query(b.t.Context(), `select '<' || d.mail_id || '>' from deliveries d
		where not exists (select from commands c where c.message = d.message and c.id like 'bad-%')`)
	require.NoError(b.t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(b.t, err)
	out := map[string]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out
}

// requireTrueEnds holds what the desk says of each answer against what the server has.
func (b *backlog) requireTrueEnds(s *sink, answers int) {
	b.t.Helper()
	rows, err := b.record.Query(b.t.Context(), `select d.ticket, d.mail_id, d.state, r.address, r.state, coalesce(r.reason, '') from deliveries d
		join commands c on c.message = d.message join recipients r on r.delivery = d.id where c.id like 'bad-%'`)
	require.NoError(b.t, err)
	defer rows.Close() // else a failure waits for ever for the connection
	others := b.otherMails()
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := 0
	var uncertain []int64
	for ; rows.Next(); seen++ {
		var number int64
		var id, state, to, recipient, reason string
		require.NoError(b.t, rows.Scan(&number, &id, &state, &to, &recipient, &reason))
		ours := 0
		var taken []handed
		for _, h := range s.taken[to] {
			if others[h.id] {
				continue
			}
			require.Equal(b.t, "<"+id+">", h.id, "two mails for %s", to)
			taken = append(taken, h)
			ours++
		}
		require.LessOrEqual(b.t, ours, 1, "handed over twice to %s: what may have been taken is not sent again", to)
		require.Equal(b.t, state, recipient)
		switch state {
		case "accepted":
			require.True(b.t, ours == 1 && taken[0].known, "%s says accepted", to)
		case "uncertain":
			require.NotEmpty(b.t, reason, "it says why")
			uncertain = append(uncertain, number)
		case "failed":
			require.Zero(b.t, ours)
			require.Equal(b.t, "554", s.told[to])
			require.Contains(b.t, reason, "554")
		default:
			require.Fail(b.t, "an answer without an end", "%s: %s", to, state)
		}
		if ours == 1 && taken[0].known {
			require.Contains(b.t, []string{"accepted", "uncertain"}, state, "the server has it")
		}
	}
	require.NoError(b.t, rows.Err())
	require.Equal(b.t, answers, seen, "none is lost")
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

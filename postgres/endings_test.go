package postgres

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestANoticeTellsHowCommandsEnded holds that what Apply tells of a command is what its row says, whatever the outcome: in
// its own process at once, in others by the way through Postgres.
func TestANoticeTellsHowCommandsEnded(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	ctx, cancel := context.WithCancel(t.Context())
	there, err := Open(ctx, Config{URL: q.s.pool.Config().ConnString(), MaxConns: 2, AppName: "test", Wait: 10 * time.Second})
	require.NoError(t, err)
	t.Cleanup(there.Close)
	var listening sync.WaitGroup
	t.Cleanup(listening.Wait)
	t.Cleanup(cancel)
	listening.Go(func() { there.Listen(ctx) })
	require.Eventually(t, func() bool { return there.notices.patience(true) == anyway }, 10*time.Second, 10*time.Millisecond, "notices come")

	owner := "nobody-of-that-name" // breaks the foreign key of the ticket's row
	poison := command("bad", n, ticket.Assign, sato, "")
	poison.Params.Assign = &ticket.AssignParams{Owner: &owner}
	orders := []ticket.Order{command("note", n, ticket.Note, sato, "a note"), poison, command("no", n, ticket.Restore, sato, ""), command("again", n, ticket.Note, sato, "another")}
	receipts := make([]ticket.Receipt, 0, len(orders))
	for _, o := range orders {
		receipts = append(receipts, q.mustStore(t, o))
	}
	q.mustApply(t, ticket.ApplyInput{Number: n})
	outcomes := map[ticket.Outcome]bool{}
	for _, r := range receipts {
		require.Eventually(t, func() bool { return there.notices.passed(n, r.Seq) }, 10*time.Second, 10*time.Millisecond)
		row := q.receipt(t, r)
		for where, heard := range map[string]*Notices{"here": q.s.notices, "there": there.notices} {
			told, known := heard.ended(r)
			require.True(t, known, "%s %s", r.ID, where)
			require.True(t, row.At.Equal(told.At), "%s %s", r.ID, where)
			row.At, row.Waiting = told.At, told.Waiting // the same instant; what is counted when it is stored
			require.Equal(t, row, told, where)
		}
		outcomes[row.Outcome] = true
	}
	require.Equal(t, map[ticket.Outcome]bool{ticket.Applied: true, ticket.Refused: true, ticket.Failed: true}, outcomes)
}

// TestEndingsLeaveToTheRowWhatTheyCannotSay holds that a notice stays small, and that who does not find his command in it,
// or not in words that he knows, is told nothing.
func TestEndingsLeaveToTheRowWhatTheyCannotSay(t *testing.T) {
	t.Parallel()
	var e endings
	at := time.UnixMicro(1_796_000_000_123_456)
	for seq := range int64(1000) {
		e.add(stored{Command: ticket.Command{Seq: seq + 1, Kind: ticket.Note}}, ticket.Refused, seq, "a_reason_of_some_length_as_they_are")
	}
	notice := e.notice(5, 9, 1000, at)
	require.Less(t, len(notice), 8000, "Postgres carries no more")
	number, told, ok := readNotice(notice)
	require.True(t, ok)
	require.EqualValues(t, 5, number)
	require.EqualValues(t, 1000, told.seq)
	first, ok := endOf(told.words, ticket.Receipt{ID: "one", Seq: 1})
	require.True(t, ok)
	require.Equal(t, ticket.Receipt{ID: "one", Seq: 1, Outcome: ticket.Refused, Reason: "a_reason_of_some_length_as_they_are", At: at}, first)
	_, ok = endOf(told.words, ticket.Receipt{Seq: 1000})
	require.False(t, ok, "it found no room")

	var older int64 // an older program reads so
	known, _ := fmt.Sscan(notice, new(int64), new(int64), &older)
	require.Equal(t, 3, known)
	require.EqualValues(t, 1000, older)

	for what, words := range map[string]string{
		"of an older program": "", "an unknown outcome": "1796000000123456 1:postponed:3:", "pending": "1796000000123456 1:pending:0:",
		"no number": "1796000000123456 1:applied:x:", "no instant": "soon 1:applied:3:", "of a newer program": "1796000000123456 1:applied:3::more",
	} {
		_, ok := endOf(words, ticket.Receipt{Seq: 1})
		require.False(t, ok, what)
	}
	for _, words := range []string{"", "5", "five 1 2", "5 1 two"} {
		_, _, ok := readNotice(words)
		require.False(t, ok, words)
	}

	e = nil
	before := e
	e.add(stored{Command: ticket.Command{Seq: 1, Kind: ticket.Note}}, ticket.Refused, 1, "has a space")
	require.Empty(t, e)
	e.add(stored{Command: ticket.Command{Seq: 1, Kind: ticket.Note}}, ticket.Applied, 1, "")
	require.NotEmpty(t, e)
	require.Empty(t, before)
}

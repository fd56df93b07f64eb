package replay

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"duradesk/activities"
	"duradesk/ticket"
)

func letter(id, body string, lines ...string) string {
	raw := "From: Yamada Taro <yamada@client.example>\r\nTo: support@desk.example\r\nMessage-ID: <" + id + "@client.example>\r\nSubject: subject " + id + "\r\n"
	for _, l := range lines {
		raw += l + "\r\n"
	}
	return raw + "\r\n" + body + "\r\n"
}

// marks waits until so many mails are shown as done on the server.
func (s *site) marks(n int) {
	s.t.Helper()
	require.NoError(s.t, s.outside.until(s.ctx(), func() bool { return len(s.outside.marked) >= n }))
}

func (s *site) number(sql string, args ...any) int {
	s.t.Helper()
	var n int
	require.NoError(s.t, s.store.Pool().QueryRow(s.ctx(), sql, args...).Scan(&n))
	return n
}

func TestMailBecomesTicketsAndAnAnswerComesBackToItsOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	require.NoError(t, s.bell.StartMailbox(s.ctx(), s.mailbox()))
	s.outside.deliver(letter("a1", "plaintext one"))
	s.outside.deliver(letter("a2", "plaintext two"))
	s.marks(2)
	require.Equal(t, ticket.Applied, s.await(ticket.Receipt{Number: 1001, Seq: 1}).Outcome, "rung by the mailbox")
	require.Equal(t, ticket.Applied, s.await(ticket.Receipt{Number: 1002, Seq: 1}).Outcome)
	s.outside.deliver(letter("a3", "plaintext three", "References: <a1@client.example>"))
	s.outside.deliver(letter("a1", "plaintext one")) // once more: an old server's habit
	s.marks(4)
	require.Equal(t, ticket.Applied, s.await(ticket.Receipt{Number: 1001, Seq: 2}).Outcome)
	require.Equal(t, []string{"created", "message", "acknowledged", "message"}, s.events(1001))
	require.Equal(t, 2, s.number(`select count(*) from tickets`))
	require.Equal(t, 1, s.number(`select count(*) from ledger where fate = 'duplicate'`))
	require.Equal(t, 4, s.number(`select count(*) from ledger where marked`))
}

func TestAMailboxIsTakenOverAtOnceWhenItsWorkerStops(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.work()
	id := ticket.MailboxWorkflowID(s.mailbox())
	require.NoError(t, s.bell.StartMailbox(s.ctx(), s.mailbox()))
	s.outside.deliver(letter("a1", "plaintext"))
	s.marks(1)
	began := time.Now()
	first.stop()
	require.Less(t, time.Since(began), 9*time.Second, "a watch ends when its worker stops, not when it is forced")
	s.work()
	s.outside.deliver(letter("a2", "plaintext"))
	s.marks(2)
	require.Equal(t, 2, s.number(`select count(*) from tickets`))
	s.happened(id, enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, 1)
}

func TestTwoLeadersAtOnceTakeInEachMailOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for n := range 30 {
		s.outside.deliver(letter(fmt.Sprint("a", n%25), fmt.Sprint("plaintext ", n%25))) // five lie there twice
	}
	mailbox := s.mailbox()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			var suite testsuite.WorkflowTestSuite
			suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
			env := suite.NewTestActivityEnvironment()
			hands := &activities.Mailboxes{Intake: s.queue, Post: s.outside, Bell: s.bell, Keys: keys, Log: slog.New(slog.DiscardHandler), WatchFor: time.Nanosecond, Now: time.Now}
			env.RegisterActivityWithOptions(hands.Watch, activity.RegisterOptions{Name: activities.NameWatch})
			if _, err := env.ExecuteActivity(activities.NameWatch, mailbox); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 25, s.number(`select count(*) from tickets`))
	require.Equal(t, 25, s.number(`select count(*) from commands`))
	require.Equal(t, 30, s.number(`select count(*) from ledger where fate in ('message', 'duplicate')`))
	require.Equal(t, 5, s.number(`select count(*) from ledger where fate = 'duplicate'`))
}

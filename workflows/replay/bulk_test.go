package replay

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"duradesk/postgres"
	"duradesk/ticket"
)

// bulk stores a job of sato's over so many new tickets and the given order.
func (s *site) bulk(tickets int, o ticket.Order) (string, []ticket.Number) {
	s.t.Helper()
	var numbers []ticket.Number
	for range tickets {
		numbers = append(numbers, s.opened())
	}
	id := uuid.Must(uuid.NewV7()).String()
	_, err := s.queue.AddBulk(s.ctx(), postgres.Bulk{ID: id, Agent: "sato", Request: id, Fingerprint: id, Order: o}, numbers)
	require.NoError(s.t, err)
	return id, numbers
}

func (s *site) bulkIs(id, state string) postgres.Bulk {
	s.t.Helper()
	var b postgres.Bulk
	require.Eventually(s.t, func() bool {
		var err error
		b, err = s.queue.BulkJob(s.ctx(), id)
		return err == nil && b.State == state
	}, patience, 20*time.Millisecond, "the job is %s", b.State)
	return b
}

func keepForSato() ticket.Order {
	owner := "sato"
	return ticket.Order{Kind: ticket.Assign, Params: ticket.Params{Assign: &ticket.AssignParams{Owner: &owner}}}
}

func answerAll() ticket.Order {
	return ticket.Order{Kind: ticket.AgentResponse, Message: &ticket.NewMessage{Body: "The plaintext for all.", Format: "markdown", Author: ticket.By{Kind: ticket.ActorAgent, ID: "sato", Name: "sato"}}}
}

func TestABulkJobAnswersEachTicketOnceThoughItsWorkerDies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.work()
	id, numbers := s.bulk(28, answerAll())
	first.stop()
	s.relay()
	s.died(s.child("after_bulk_batch"))
	b, err := s.queue.BulkJob(s.ctx(), id)
	require.NoError(t, err)
	require.Equal(t, 3, b.Counts["waiting"], "it died after its first batch")
	s.work()
	b = s.bulkIs(id, "done")
	require.Equal(t, map[string]int{"applied": 28}, b.Counts)
	for _, n := range numbers {
		require.Equal(t, 1, s.number(`select count(*) from messages where ticket = $1 and body = 'The plaintext for all.'`, n))
		require.Equal(t, 1, s.number(`select count(*) from commands where ticket = $1 and name = 'agent-response'`, n))
	}
	s.ended("bulk-" + id)
	discreet(t, s.history("bulk-"+id, ""))
	items, err := s.queue.BulkItems(s.ctx(), id, "applied", 26, 10)
	require.NoError(t, err)
	require.Len(t, items, 2)
	require.Equal(t, numbers[27], items[1].Number)
}

func TestABulkJobIsPausedResumedCancelledAndUndone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	all := soaking(8, 30)
	id, numbers := s.bulk(all, keepForSato())
	_, err := s.queue.SetBulk(s.ctx(), id, "paused")
	require.NoError(t, err)
	require.NoError(t, s.bell.StartChore(s.ctx(), ticket.Chore{Workflow: ticket.WorkflowBulkJob, ID: id}))
	s.happened("bulk-"+id, activityCompleted, 1)
	b, err := s.queue.BulkJob(s.ctx(), id)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"waiting": all}, b.Counts)
	s.relay()
	_, err = s.queue.SetBulk(s.ctx(), id, "running")
	require.NoError(t, err)
	require.Equal(t, map[string]int{"applied": all}, s.bulkIs(id, "done").Counts)
	_, err = s.queue.SetBulk(s.ctx(), id, "cancelled")
	require.Equal(t, ticket.Conflict, ticket.CodeOf(err))

	// One was touched since: that one stays as it is.
	s.does(s.command(numbers[0], ticket.Note, sato))
	undo, err := s.queue.UndoBulk(s.ctx(), "sato", "undo-1", id)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"applied": all - 1, "skipped": 1}, s.bulkIs(undo.ID, "done").Counts)
	require.Equal(t, "sato", s.process(numbers[0]).Owner)
	require.Empty(t, s.process(numbers[1]).Owner)
	items, err := s.queue.BulkItems(s.ctx(), undo.ID, "skipped", 0, 10)
	require.NoError(t, err)
	require.Equal(t, "changed_since", items[0].Reason)
	again, err := s.queue.UndoBulk(s.ctx(), "sato", "undo-1", id)
	require.NoError(t, err)
	require.Equal(t, undo.ID, again.ID, "the same request again is the same job")

	gone, _ := s.bulk(3, keepForSato())
	_, err = s.queue.SetBulk(s.ctx(), gone, "cancelled")
	require.NoError(t, err)
	require.Equal(t, map[string]int{"waiting": 3}, s.bulkIs(gone, "cancelled").Counts)

	// Whoever lost the desk meanwhile does nothing more there.
	_, err = s.store.Pool().Exec(s.ctx(), `delete from agent_desks where agent = 'sato'`)
	require.NoError(t, err)
	lost, _ := s.bulk(3, keepForSato())
	require.Equal(t, map[string]int{"skipped": 3}, s.bulkIs(lost, "done").Counts)
}

func bulkPaused(s *site) string {
	s.work()
	id, _ := s.bulk(2, keepForSato())
	chore := ticket.Chore{Workflow: ticket.WorkflowBulkJob, ID: id}
	_, err := s.queue.SetBulk(s.ctx(), id, "paused")
	require.NoError(s.t, err)
	require.NoError(s.t, s.bell.StartChore(s.ctx(), chore))
	s.happened("bulk-"+id, activityCompleted, 1)
	_, err = s.queue.SetBulk(s.ctx(), id, "running")
	require.NoError(s.t, err)
	require.NoError(s.t, s.bell.StartChore(s.ctx(), chore))
	s.ended("bulk-" + id)
	return "bulk-" + id
}

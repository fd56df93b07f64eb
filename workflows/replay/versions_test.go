package replay

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"duradesk/ticket"
	"duradesk/worker"
)

// by is the build that did a ticket's last workflow task; empty: a worker without a version.
func (s *site) by(n ticket.Number) string {
	s.t.Helper()
	done := ofType(s.history(ticket.WorkflowID(n), ""), enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
	require.NotEmpty(s.t, done)
	return done[len(done)-1].GetWorkflowTaskCompletedEventAttributes().GetDeploymentVersion().GetBuildId()
}

// Worker versioning as docs/operators.md has it: tickets that workers without a version have opened go on with the first
// version once it is current, and with the next one from the moment at which that is; the build before may then end. The
// way back is the same.
func TestOpenTicketsGoOnWithTheCurrentVersion(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	version := func(build string) *crew {
		return s.work(func(c *crew) { c.Deployment = worker.Deployment{Name: "duradesk", Build: build} })
	}
	promote := func(build string) {
		t.Helper()
		require.NoError(t, worker.Promote(s.ctx(), s.client, s.namespace, worker.Deployment{Name: "duradesk", Build: build}, patience))
	}
	note := func(n ticket.Number, build string) {
		t.Helper()
		s.does(s.command(n, ticket.Note, sato))
		// The receipt is there before the task is reported as done.
		require.Eventually(t, func() bool { return s.by(n) == build }, patience, 20*time.Millisecond, "another build went on with ticket %d", n)
	}
	before := s.work()
	old := s.opened()
	first := version("one")
	note(old, "")
	promote("one")
	before.stop()
	note(old, "one")
	fresh := s.opened()
	note(fresh, "one")

	second := version("two")
	note(old, "one") // it runs, and nothing goes on with it yet
	promote("two")
	note(old, "two")
	note(fresh, "two")
	first.stop()
	s.does(s.command(fresh, ticket.Close, lead))
	s.ended(ticket.WorkflowID(fresh))

	version("one")
	promote("one")
	note(old, "one")
	second.stop()
	note(old, "one")
	for _, n := range []ticket.Number{old, fresh} {
		require.Empty(t, ofType(s.history(ticket.WorkflowID(n), ""), enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED))
	}
	require.Equal(t, 6, count(s.events(old), "note"))
	require.False(t, slices.Contains(s.events(old), "repeated"))
	require.ErrorContains(t, worker.Promote(s.ctx(), s.client, s.namespace, worker.Deployment{Name: "duradesk", Build: "three"}, time.Second), "do its workers run?")
}

package replay

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"duradesk/postgres"
	"duradesk/ticket"
)

// workshop is where the next release was built; TestMain clears it away.
var workshop string

// tomorrow builds these tests with three changes of docs/changing-the-process.md in the process: closed tickets are opened
// again for thirty days, there is a state waiting_for_parts, and resolved tickets close after ten working days, but for
// urgent ones. Its child is a worker of the next release.
var tomorrow = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "duradesk-tomorrow-")
	if err != nil {
		return "", err
	}
	workshop = dir
	root, err := filepath.Abs("../..")
	if err != nil {
		return "", err
	}
	over := map[string]string{}
	for _, file := range []string{
		"ticket/state.go", "lifecycle/rules.go", "lifecycle/cells.go", "lifecycle/guards.go", "lifecycle/clocks.go", "lifecycle/places.go",
		"lifecycle/processes.go", "workflows/publish.go",
	} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			return "", err
		}
		over[filepath.Join(root, file)] = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o644); err != nil {
			return "", err
		}
	}
	for _, change := range []string{"2-reopen-within-30-days/1", "3-waiting-for-parts/1", "3-waiting-for-parts/2", "3-waiting-for-parts/3", "4-ten-working-days/1"} {
		patch := filepath.Join(root, "lifecycle/testdata/changes", change+".patch")
		apply := exec.Command("git", "apply", "-C0", "--exclude=*_test.go", "--include=ticket/*.go", "--include=lifecycle/*.go", "--include=workflows/*.go", patch)
		apply.Dir = dir
		apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
		if said, err := apply.CombinedOutput(); err != nil {
			return "", fmt.Errorf("change the process by %s: %w: %s", change, err, said)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": over})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o644); err != nil {
		return "", err
	}
	program := filepath.Join(dir, "tomorrow")
	build := exec.Command("go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, "duradesk/workflows/replay")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the next release: %w: %s", err, said)
	}
	return program, nil
})

// workTomorrow starts a worker of the next release.
func (s *site) workTomorrow() {
	s.t.Helper()
	program, err := tomorrow()
	require.NoError(s.t, err)
	s.childOf(program, "")
}

// waitsForParts is a hold whose reason only the next release knows: this one stores it as its API would.
func (s *site) waitsForParts(n ticket.Number) ticket.Receipt {
	s.t.Helper()
	o := s.command(n, ticket.Hold, sato)
	o.Params.Hold = &ticket.HoldParams{Reason: ticket.HoldThirdParty}
	r := s.put(o)
	s.exec(`update commands set params = jsonb_set(params, '{hold,reason}', '"parts"') where ticket = $1 and seq = $2`, n, r.Seq)
	return r
}

// stateOf reads a state's name, which this program may not know.
func (s *site) stateOf(n ticket.Number) (state string) {
	s.t.Helper()
	require.NoError(s.t, s.store.Pool().QueryRow(s.ctx(), `select process->>'state' from tickets where number = $1`, n).Scan(&state))
	return state
}

// Half of a deployment: a worker that knows a new state, and one that does not. What the old one cannot read, it leaves:
// the task fails without harm and goes to the other. To store a command nothing of the ticket need be read that only the
// next release knows: this program takes it, and the other's worker applies it.
func TestTwoProgramsOfDifferentTablesSideBySide(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	s.workTomorrow()
	var mu sync.Mutex
	var slowest time.Duration
	left := 0
	s.each(4, func(int) {
		n := s.opened()
		s.does(s.command(n, ticket.AgentResponse, sato))
		began := time.Now()
		r := s.waitsForParts(n)
		s.ring(r)
		require.Equal(t, ticket.Applied, s.await(r).Outcome)
		took := time.Since(began)
		require.Equal(t, "waiting_for_parts", s.stateOf(n))

		_, err := s.store.Ticket(s.ctx(), n)
		require.True(t, postgres.Away(err), "%v", err)
		require.Equal(t, ticket.Applied, s.does(s.command(n, ticket.Note, sato)).Outcome)

		// What comes by hand needs no row, so an old worker may hear it first.
		require.NoError(t, s.client.SignalWorkflow(s.ctx(), ticket.WorkflowID(n), "", ticket.Resolve.String(), struct{}{}))
		require.Eventually(t, func() bool { return s.stateOf(n) == "resolved" }, patience, 20*time.Millisecond)
		s.does(s.command(n, ticket.Close, lead))
		s.ended(ticket.WorkflowID(n))
		events := s.events(n)
		require.Equal(t, []string{"message", "opened", "held", "note", "resolved", "closed"}, events[len(events)-6:])
		failed := ofType(s.history(ticket.WorkflowID(n), ""), enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED)
		mu.Lock()
		defer mu.Unlock()
		slowest, left = max(slowest, took), left+len(failed)
	})
	t.Logf("the old worker left %d tasks of four tickets to the new one; the slowest hold took %v", left, slowest.Round(time.Millisecond))
}

// A thousand tickets are open, and the table changes in three ways while nobody works (DURADESK_SOAK=1; else a few).
func TestATableChangedInThreeWaysUnderOpenTickets(t *testing.T) {
	t.Parallel()
	open := soaking(16, 1000)
	s := newSite(t)
	today := s.work()
	began := time.Now()
	numbers := make([]ticket.Number, open)
	s.each(open, func(i int) { numbers[i] = s.prepared(i) })
	today.stop()
	t.Logf("%d tickets opened within %v", open, time.Since(began).Round(time.Second))

	s.workTomorrow()
	began = time.Now()
	s.each(open, func(i int) { s.meets(i, numbers[i]) })
	t.Logf("each met the new rules at its next command, within %v", time.Since(began).Round(time.Second))
	failed := 0
	s.each(open, func(i int) {
		id := ticket.WorkflowID(numbers[i])
		for _, e := range ofType(s.history(id, ""), enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED) {
			failed++
			t.Errorf("a task of %s failed: %s", id, e)
		}
	})
	require.Zero(t, failed)
}

// each does something for many tickets, eight at a time.
func (s *site) each(n int, do func(i int)) {
	var all sync.WaitGroup
	room := make(chan struct{}, 8)
	for i := range n {
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			do(i)
		})
	}
	all.Wait()
}

// prepared brings a ticket to where one of the changes will matter to it.
func (s *site) prepared(i int) ticket.Number {
	n := s.opened()
	switch i % 4 {
	case 0: // open
		s.does(s.command(n, ticket.AgentResponse, sato))
	case 1: // resolved, with the timer of fourteen days
		s.does(s.command(n, ticket.Resolve, sato))
	case 2: // urgent
		o := s.command(n, ticket.Classify, sato)
		o.Params.Classify = &ticket.ClassifyParams{Priority: ticket.Urgent}
		s.does(o)
	case 3:
		s.does(s.command(n, ticket.Close, lead))
	}
	return n
}

// meets gives a ticket its next command, which the new table answers.
func (s *site) meets(i int, n ticket.Number) {
	autoClose := func() (due time.Time, runs bool) {
		k, runs := s.process(n).Clock(ticket.AutoClose.String())
		return k.Due, runs
	}
	switch i % 4 {
	case 0:
		r := s.waitsForParts(n)
		s.ring(r)
		s.await(r)
		require.Equal(s.t, "waiting_for_parts", s.stateOf(n))
	case 1:
		due, _ := autoClose()
		require.WithinDuration(s.t, time.Now().AddDate(0, 0, 14), due, time.Hour, "set by the old rule")
		s.does(s.command(n, ticket.AgentResponse, sato))
		due, _ = autoClose()
		require.WithinDuration(s.t, time.Now().AddDate(0, 0, 10), due, time.Hour, "and by the new one")
	case 2:
		s.does(s.command(n, ticket.Resolve, sato))
		_, runs := autoClose()
		require.False(s.t, runs, "an urgent ticket does not close by itself any more")
		require.Equal(s.t, ticket.Resolved, s.process(n).State)
	case 3:
		s.does(s.mailed(n))
		require.Equal(s.t, ticket.Open, s.process(n).State, "closed a moment ago, and opened again")
	}
}

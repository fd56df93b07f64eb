package postgres

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

// rehearsed asks the rules again all that a ticket was asked.
func rehearsed(t testing.TB, s *Store, n ticket.Number) (lifecycle.Recorded, []lifecycle.Difference) {
	t.Helper()
	r, err := s.Recorded(t.Context(), n)
	require.NoError(t, err)
	found, err := lifecycle.Rehearse(r)
	require.NoError(t, err)
	return r, found
}

// lifeOnRecord is a ticket that was answered, put on hold, taken back, merged and more.
func lifeOnRecord(t *testing.T, q *Queue) ticket.Number {
	t.Helper()
	n := opened(t, q)
	q.carried(t, command("answer", n, ticket.AgentResponse, sato, "hello"))
	final := command("final", n, ticket.Resolve, sato, "paper")
	final.Params.Resolve = &ticket.ResolveParams{Solution: "a secret solution"}
	require.Equal(t, ticket.Applied, q.carried(t, final).Outcome)
	require.Equal(t, ticket.Applied, q.carried(t, withdrawal("back", n, messageOf(t, q, "final"))).Outcome)
	require.Equal(t, ticket.Refused, q.carried(t, withdrawal("back again", n, messageOf(t, q, "final"))).Outcome)
	hold := command("hold", n, ticket.Hold, sato, "")
	until := time.Now().Add(time.Hour)
	hold.Params.Hold = &ticket.HoldParams{Reason: ticket.HoldThirdParty, Until: &until}
	require.Equal(t, ticket.Applied, q.carried(t, hold).Outcome)
	q.carried(t, mailIn("more", n, "more"))
	promise := command("promise", n, ticket.Promise, sato, "")
	promise.Params.Promise = &ticket.PromiseParams{DueAt: time.Now().Add(2 * time.Hour), Text: "a secret promise"}
	require.Equal(t, ticket.Applied, q.carried(t, promise).Outcome)
	q.mustApply(t, ticket.ApplyInput{Number: n, FirstRun: "run", Heard: []ticket.Heard{{Count: 1, Name: "escalate"}, {Count: 2, Name: "dance"}}})
	owner, group := "sato", "tier2"
	assign := command("assign", n, ticket.Assign, lead, "")
	assign.Params.Assign = &ticket.AssignParams{Owner: &owner, Group: &group}
	q.carried(t, assign)
	q.carried(t, command("spurious", n, ticket.Restore, sato, ""))
	q.carried(t, command("close", n, ticket.Close, lead, ""))
	return n
}

func TestWhatIsRecordedIsAnsweredTheSameAgain(t *testing.T) {
	t.Parallel()
	q := undoing(t)
	exec(t, q.s, `insert into calendars (key, version, spec) values ('tokyo', 1, '{"key": "tokyo", "version": 1, "zone": "Asia/Tokyo", "week": [[], ["09:00-18:00"], ["09:00-18:00"], ["09:00-18:00"], ["09:00-18:00"], ["09:00-18:00"], []], "holidays": ["jp", "2027-01-05 Secret day"]}')`)
	exec(t, q.s, `update policies set settings = settings || '{"calendar": "tokyo"}'`)
	n := lifeOnRecord(t, q)
	list, err := q.s.RecordedTickets(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Equal(t, []ticket.Number{n}, list)
	r, found := rehearsed(t, q.s, n)
	require.Empty(t, found)
	require.Greater(t, len(r.Steps), 12)

	unknown := r.Anonymous()
	found, err = lifecycle.Rehearse(unknown)
	require.NoError(t, err)
	require.Empty(t, found, "anonymous")
	raw, err := json.Marshal(unknown)
	require.NoError(t, err)
	for _, secret := range []string{"sato", "secret", "Secret", "tier2", "support", "tokyo", r.Opening.Ticket, messageOf(t, q, "answer")} {
		require.NotContains(t, string(raw), secret)
	}

	// Another calendar: the deadlines that it moves are listed.
	r.Calendar.Week[1] = nil
	for day := range r.Calendar.Week {
		r.Calendar.Week[day] = r.Calendar.Week[2][:1]
	}
	r.Calendar.Holidays = nil
	r.Calendar.Week[0][0].From = 0
	found, err = lifecycle.Rehearse(r)
	require.NoError(t, err)
	require.NotEmpty(t, found)
	require.Contains(t, found[0].What, "clock ")

	spam := command("spam", n, ticket.Delete, ticket.Actor{Kind: ticket.ActorAgent, ID: "admin", Role: ticket.RoleAdmin}, "")
	require.Equal(t, ticket.Applied, q.carried(t, spam).Outcome)
	_, err = q.s.Recorded(t.Context(), n)
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err), "what is erased cannot be asked again")
	list, err = q.s.RecordedTickets(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = q.s.Recorded(t.Context(), 4711)
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err))
}

// TestTicketsThatHaveToDoWithEachOtherAreRehearsed: hand-over and merge.
func TestTicketsThatHaveToDoWithEachOtherAreRehearsed(t *testing.T) {
	t.Parallel()
	q := engine(t)
	one, second := opened(t, q), q.mustStore(t, mailIn("second", 0, "It happens again."))
	two := second.Number
	q.mustApply(t, ticket.ApplyInput{Number: two})
	escalate := command("hand over", one, ticket.Escalate, sato, "")
	escalate.Params.Escalate = &ticket.EscalateParams{Desk: "repair", Title: "Repair", Body: "It is broken."}
	require.Equal(t, ticket.Applied, q.carried(t, escalate).Outcome)
	merge := command("merge", two, ticket.Merge, sato, "")
	merge.Params.Merge = &ticket.MergeParams{Into: one}
	require.Equal(t, ticket.Applied, q.carried(t, merge).Outcome)
	q.carried(t, command("unmerge", two, ticket.Unmerge, lead, ""))
	list, err := q.s.RecordedTickets(t.Context(), 0, 10)
	require.NoError(t, err)
	for _, n := range list {
		_, found := rehearsed(t, q.s, n)
		require.Empty(t, found)
	}
}

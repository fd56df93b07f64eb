package postgres

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/calendar"
	"duradesk/ticket"
)

// openedAs opens another ticket of the client.
func openedAs(t testing.TB, q *Queue, id string) ticket.Number {
	t.Helper()
	r := q.mustStore(t, mailIn(id, 0, "text of "+id))
	q.mustApply(t, ticket.ApplyInput{Number: r.Number})
	return r.Number
}

// settle applies tickets until none of them rings at another any more, as their workflows would.
func (q *Queue) settleAll(t testing.TB, numbers ...ticket.Number) {
	t.Helper()
	for len(numbers) > 0 {
		n := numbers[0]
		numbers = numbers[1:]
		for _, e := range q.mustApply(t, ticket.ApplyInput{Number: n}).Effects {
			if e.Ring != 0 {
				numbers = append(numbers, e.Ring)
			}
		}
	}
}

func (q *Queue) process(t testing.TB, n ticket.Number) ticket.Process {
	t.Helper()
	r, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	return r.Process
}

func (q *Queue) texts(t testing.TB, n ticket.Number) []string {
	t.Helper()
	items, _, err := q.s.Timeline(t.Context(), n, 0, 200, true)
	require.NoError(t, err)
	out := []string{}
	for _, i := range items {
		if i.Body != "" {
			out = append(out, i.Type+": "+i.Body)
		}
	}
	return out
}

func handOver(n ticket.Number) ticket.Order {
	o := command("hand-over", n, ticket.Escalate, sato, "")
	o.Params.Escalate = &ticket.EscalateParams{Desk: "repair", Title: "Fuser", Body: "please look", Fields: map[string]any{"serial": "X-1"}}
	o.Reason = "hardware"
	return o
}

func TestAHandOverGoesToTheIssueDeskAndComesBack(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := openedAs(t, q, "m1")
	q.mustStore(t, command("a", n, ticket.AgentResponse, sato, "I ask the repair shop"))
	q.mustStore(t, handOver(n))
	q.settleAll(t, n)
	parent := q.process(t, n)
	require.Equal(t, ticket.HandedOver, parent.State)
	child := parent.Child.Number
	require.NotZero(t, child)
	r, err := q.s.Ticket(t.Context(), child)
	require.NoError(t, err)
	require.Equal(t, "Fuser", r.Title)
	require.Equal(t, "repair", r.Process.Desk)
	require.Equal(t, n, r.Process.Parent)
	require.Equal(t, map[string]any{"serial": "X-1"}, r.Fields)
	require.Contains(t, q.texts(t, child), "message: please look")
	require.Equal(t, []ticket.Link{{Kind: "hand_over", Number: n}}, r.Links)

	q.mustStore(t, mailIn("m2", n, "it smells of smoke"))
	q.settleAll(t, n)
	require.Equal(t, ticket.HandedOver, q.process(t, n).State)
	require.Contains(t, q.texts(t, child), "message: it smells of smoke", "the client's words are copied to the child")

	hold := command("h", child, ticket.Hold, lead, "waiting for the part")
	hold.Params.Hold = &ticket.HoldParams{Reason: ticket.HoldThirdParty}
	q.mustStore(t, hold)
	q.settleAll(t, child)
	require.Equal(t, ticket.HandOverAnswered, q.process(t, n).State)
	require.Equal(t, ticket.ChildHeld, q.process(t, n).Child.Outcome, "nobody reads a held issue as a solved one")

	q.mustStore(t, command("r", child, ticket.Resolve, lead, "fuser replaced"))
	q.settleAll(t, child)
	require.Equal(t, ticket.ChildResolved, q.process(t, n).Child.Outcome)
	require.Contains(t, q.texts(t, n), "note: fuser replaced", "the child's answer is text that the agent can quote")
	var mails int
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select count(*) from deliveries where ticket = $1`, child).Scan(&mails))
	require.Zero(t, mails, "the issue desk answers the parent, not the client")
}

// TestAChildThatIsDoneBeforeItIsLookedAtTellsItsParent: what opens it and what ends it are applied in one transaction.
func TestAChildThatIsDoneBeforeItIsLookedAtTellsItsParent(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := openedAs(t, q, "m1")
	q.mustStore(t, handOver(n))
	q.mustApply(t, ticket.ApplyInput{Number: n})
	child := q.process(t, n).Child.Number
	q.mustStore(t, command("a", child, ticket.AgentResponse, lead, "I look into it"))
	q.mustStore(t, command("r", child, ticket.Resolve, lead, "fuser replaced"))
	q.settleAll(t, child)
	require.Equal(t, ticket.Resolved, q.process(t, child).State)
	require.Equal(t, ticket.HandOverAnswered, q.process(t, n).State)
	require.Equal(t, ticket.ChildResolved, q.process(t, n).Child.Outcome)
	require.Equal(t, []string{"message: text of m1", "note: I look into it", "note: fuser replaced"}, q.texts(t, n))
}

// TestWhatIsSaidInOneBreathWithAHandOverReachesTheChild: the ticket that it opens is not there yet when the transaction begins.
func TestWhatIsSaidInOneBreathWithAHandOverReachesTheChild(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := openedAs(t, q, "m1")
	q.mustStore(t, handOver(n))
	q.mustStore(t, mailIn("m2", n, "it smells of smoke"))
	q.mustStore(t, command("back", n, ticket.Recall, sato, ""))
	q.settleAll(t, n)
	require.Equal(t, ticket.Open, q.process(t, n).State)
	child := n + 1
	require.Equal(t, []string{"message: please look", "message: it smells of smoke"}, q.texts(t, child))
	require.Equal(t, ticket.ResolvedInternally, q.process(t, child).State, "nobody works on what was taken back")
}

func TestARecallTellsTheChild(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := openedAs(t, q, "m1")
	q.mustStore(t, handOver(n))
	q.settleAll(t, n)
	child := q.process(t, n).Child.Number
	q.mustStore(t, command("back", n, ticket.Recall, sato, ""))
	q.settleAll(t, n)
	require.Equal(t, ticket.Open, q.process(t, n).State)
	require.Equal(t, ticket.ResolvedInternally, q.process(t, child).State)
	require.Equal(t, ticket.CategoryOther, q.process(t, child).Category)
}

func TestAnOverdueHandOverComesBackByItself(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := openedAs(t, q, "m1")
	q.mustStore(t, handOver(n))
	q.settleAll(t, n)
	var due ticket.Wanted
	for _, w := range q.mustApply(t, ticket.ApplyInput{Number: n}).Wanted {
		if w.Kind == ticket.HandOver {
			due = w
		}
	}
	require.NotZero(t, due.Due)
	q.mustApply(t, ticket.ApplyInput{Number: n, Fired: []ticket.Fired{{Clock: due.Clock, Due: due.Due, Generation: due.Generation}}})
	require.Equal(t, ticket.HandOverAnswered, q.process(t, n).State)
	require.Equal(t, ticket.ChildOverdue, q.process(t, n).Child.Outcome)
}

func mergeInto(id string, from, into ticket.Number) ticket.Order {
	o := command(id, from, ticket.Merge, sato, "")
	o.Params.Merge = &ticket.MergeParams{Into: into}
	return o
}

func TestMergeAndUnmerge(t *testing.T) {
	t.Parallel()
	q := engine(t)
	a, b := openedAs(t, q, "m1"), openedAs(t, q, "m2")
	q.mustStore(t, mergeInto("merge", b, a))
	q.settleAll(t, b)
	require.Equal(t, ticket.Merged, q.process(t, b).State)
	require.Equal(t, a, q.process(t, b).Survivor)

	q.mustStore(t, mailIn("m3", b, "to the merged number"))
	q.settleAll(t, b)
	require.Contains(t, q.texts(t, a), "message: to the merged number", "mail to a merged number goes to the survivor")

	q.mustStore(t, command("apart", b, ticket.Unmerge, sato, ""))
	q.settleAll(t, b)
	require.Equal(t, ticket.New, q.process(t, b).State)
	require.Contains(t, q.texts(t, a), "message: to the merged number", "what came to the survivor since stays there")
	for n, other := range map[ticket.Number]ticket.Number{a: b, b: a} {
		r, err := q.s.Ticket(t.Context(), n)
		require.NoError(t, err)
		require.Equal(t, []ticket.Link{{Kind: "related", Number: other}}, r.Links, "it is merged no more, and linked")
	}
}

func TestMergeInBothDirectionsAtOnceClosesNoRing(t *testing.T) {
	t.Parallel()
	q := engine(t)
	for round := range 10 {
		a, b := openedAs(t, q, fmt.Sprint("a", round)), openedAs(t, q, fmt.Sprint("b", round))
		one := q.mustStore(t, mergeInto(fmt.Sprint("ab", round), a, b))
		two := q.mustStore(t, mergeInto(fmt.Sprint("ba", round), b, a))
		var wg sync.WaitGroup
		errs := make(chan error, 2)
		for _, n := range []ticket.Number{a, b} {
			wg.Go(func() {
				_, err := q.Apply(t.Context(), ticket.ApplyInput{Number: n})
				errs <- err
			})
		}
		wg.Wait()
		require.NoError(t, <-errs)
		require.NoError(t, <-errs)
		q.settleAll(t, a, b)
		merged := 0
		for _, n := range []ticket.Number{a, b} {
			if q.process(t, n).State == ticket.Merged {
				merged++
			}
		}
		require.Equal(t, 1, merged, "one survives")
		outcomes := []ticket.Outcome{q.receipt(t, one).Outcome, q.receipt(t, two).Outcome}
		require.Contains(t, outcomes, ticket.Applied)
		require.NotContains(t, outcomes, ticket.Pending)
	}
}

func TestManyTicketsThatSpeakToEachOtherNeverWaitForEver(t *testing.T) {
	t.Parallel()
	q := engine(t)
	numbers := make([]ticket.Number, 6)
	for i := range numbers {
		numbers[i] = openedAs(t, q, fmt.Sprint("m", i))
	}
	for i, n := range numbers {
		for j, other := range numbers {
			if i != j {
				o := command(fmt.Sprint("l", i, j), n, ticket.LinkTo, sato, "")
				o.Params.Link = &ticket.LinkParams{Number: other, Kind: "related"}
				q.mustStore(t, o)
			}
		}
	}
	var wg sync.WaitGroup
	errs := make(chan error, len(numbers))
	for _, n := range numbers {
		wg.Go(func() {
			_, err := q.Apply(t.Context(), ticket.ApplyInput{Number: n})
			errs <- err
		})
	}
	wg.Wait()
	for range numbers {
		require.NoError(t, <-errs)
	}
	r, err := q.s.Ticket(t.Context(), numbers[0])
	require.NoError(t, err)
	require.Len(t, r.Links, 5)
}

func TestSplitAndMove(t *testing.T) {
	t.Parallel()
	q := engine(t)
	a, b := openedAs(t, q, "m1"), openedAs(t, q, "m2")
	q.mustStore(t, mailIn("m3", a, "another matter"))
	q.mustStore(t, mailIn("m4", a, "belongs to the other"))
	q.settleAll(t, a)
	ids := map[string]string{}
	items, _, err := q.s.Timeline(t.Context(), a, 0, 50, true)
	require.NoError(t, err)
	for _, i := range items {
		ids[i.Body] = i.ID
	}
	split := command("s", a, ticket.Split, sato, "")
	split.Params.Split = &ticket.SplitParams{Message: ids["another matter"]}
	move := command("v", a, ticket.Move, sato, "")
	move.Params.Move = &ticket.MoveParams{Message: ids["belongs to the other"], Into: b}
	one, two := q.mustStore(t, split), q.mustStore(t, move)
	q.settleAll(t, a)
	require.Equal(t, ticket.Applied, q.receipt(t, one).Outcome)
	require.Equal(t, ticket.Applied, q.receipt(t, two).Outcome)
	require.Equal(t, []string{"message: text of m1"}, q.texts(t, a))
	require.Equal(t, []string{"message: text of m2", "message: belongs to the other"}, q.texts(t, b))
	require.Equal(t, []string{"message: another matter"}, q.texts(t, b+1))

	bad := command("x", a, ticket.Split, sato, "")
	bad.Params.Split = &ticket.SplitParams{Message: "0199a000-0000-7000-8000-000000000000"}
	gone := q.mustStore(t, bad)
	q.settleAll(t, a)
	require.Equal(t, ticket.Failed, q.receipt(t, gone).Outcome, "a message that is not there is no reason to wait for ever")
}

// "It is not solved", said without words of a ticket that is closed, opens a follow-up all the same.
func TestAVerdictWithoutWordsOpensAFollowUp(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := openedAs(t, q, "m1")
	q.mustStore(t, command("c", n, ticket.Close, lead, ""))
	r, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	o := command("v", n, ticket.ClientVerdict, ticket.Actor{Kind: ticket.ActorClient, ID: r.Client.ID}, "")
	o.Params.Verdict = &ticket.VerdictParams{Verdict: ticket.VerdictNotSolved}
	verdict := q.mustStore(t, o)
	q.settleAll(t, n)
	require.Equal(t, ticket.Applied, q.receipt(t, verdict).Outcome)
	followUp, err := q.s.Ticket(t.Context(), n+1)
	require.NoError(t, err)
	require.Equal(t, ticket.New, followUp.Process.State)
	require.Equal(t, []ticket.Link{{Kind: "follow_up", Number: n}}, followUp.Links)
}

func TestLabelsPromisesFeedback(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := openedAs(t, q, "m1")
	title, kind, tags := "新しい題名", "incident", []string{"vip"}
	label := command("c", n, ticket.Classify, sato, "")
	label.Params.Classify = &ticket.ClassifyParams{Title: &title, Type: &kind, Tags: &tags, Priority: ticket.Urgent, Fields: map[string]any{"order": "4711"}}
	q.mustStore(t, label)
	more := command("c2", n, ticket.Classify, sato, "")
	more.Params.Classify = &ticket.ClassifyParams{AddTags: []string{"late", "vip"}, RemoveTags: []string{"never there"}}
	q.mustStore(t, more)
	promise := command("p", n, ticket.Promise, sato, "")
	due := time.Now().Add(3 * time.Hour).UTC().Truncate(time.Second)
	promise.Params.Promise = &ticket.PromiseParams{DueAt: due, Text: "we call back"}
	q.mustStore(t, command("a", n, ticket.AgentResponse, sato, "hello"))
	q.mustStore(t, promise)
	opinion := command("f", n, ticket.Feedback, ticket.Actor{Kind: ticket.ActorClient, ID: "c_1"}, "")
	opinion.Params.Feedback = &ticket.FeedbackParams{Rating: 5, Comment: "thanks"}
	q.mustStore(t, opinion)
	q.settleAll(t, n)
	r, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	require.Equal(t, title, r.Title)
	require.Equal(t, kind, r.Type)
	require.Equal(t, []string{"vip", "late"}, r.Tags, "those that it had come first, none stands twice")
	require.Equal(t, "4711", r.Fields["order"])
	require.Equal(t, ticket.Urgent, r.Process.Priority)
	var text string
	var rating int
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select text from promises where ticket = $1`, n).Scan(&text))
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select rating from feedback where ticket = $1`, n).Scan(&rating))
	require.Equal(t, "we call back", text)
	require.Equal(t, 5, rating)
	said := map[string]map[string]any{}
	items, _, err := q.s.Timeline(t.Context(), n, 0, 50, true)
	require.NoError(t, err)
	for _, i := range items {
		if i.Event != nil {
			said[i.Event.Name] = i.Event.Data
		}
	}
	require.Equal(t, "we call back", said["promised"]["text"], "the timeline tells the words")
	require.Equal(t, map[string]any{"rating": 5.0, "comment": "thanks"}, said["feedback_given"])
}

func TestATicketAsItWas(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := openedAs(t, q, "m1")
	q.mustStore(t, command("a", n, ticket.AgentResponse, sato, "first answer"))
	q.settleAll(t, n)
	before, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	q.mustStore(t, command("r", n, ticket.Resolve, sato, "second answer"))
	q.settleAll(t, n)
	then, err := q.s.TicketAt(t.Context(), n, before.UpdatedAt)
	require.NoError(t, err)
	require.Equal(t, ticket.Open, then.Process.State)
	require.Equal(t, before.Process, then.Process)
	require.Equal(t, "first answer", then.Last.Excerpt)
	_, err = q.s.TicketAt(t.Context(), n, before.CreatedAt.Add(-time.Hour))
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err))
}

func TestABreachTellsOwnerAndLeadsOnce(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := openedAs(t, q, "m1")
	take := command("k", n, ticket.Assign, sato, "")
	owner := "sato"
	take.Params.Assign = &ticket.AssignParams{Owner: &owner}
	q.mustStore(t, take)
	q.settleAll(t, n)
	moveBack(t, q, n, 8*time.Hour)
	q.settleAll(t, n, n)
	rows, err := q.s.pool.Query(t.Context(), `select agent || ' ' || name from notices where ticket = $1 and name like 'first_response_breached%' order by 1`, n)
	require.NoError(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"admin first_response_breached", "lead first_response_breached", "sato first_response_breached"}, list)
	mine, err := q.s.Notices(t.Context(), "sato", 0, 10)
	require.NoError(t, err)
	require.NotEmpty(t, mine)
	require.NoError(t, q.s.ReadNotices(t.Context(), "sato", mine[0].ID, noon))
}

func TestATicketKeepsItsPolicyAndCalendar(t *testing.T) {
	t.Parallel()
	q := engine(t)
	old := openedAs(t, q, "m1")
	office := calendar.Spec{Key: "office", Zone: "Asia/Tokyo"}
	for day := 1; day <= 5; day++ {
		office.Week[day] = []calendar.Interval{{From: 9 * 60, To: 18 * 60}}
	}
	stored, err := q.s.AddCalendar(t.Context(), office)
	require.NoError(t, err)
	require.Equal(t, 1, stored.Version)
	settings := ticket.DefaultSettings()
	settings.Calendar = "office"
	settings.FirstResponse = ticket.Same(time.Hour)
	settings, err = q.s.AddPolicy(t.Context(), "support", settings)
	require.NoError(t, err)
	require.Equal(t, 2, settings.Version)

	n := openedAs(t, q, "m2")
	k, ok := q.process(t, n).Clock("first_response")
	require.True(t, ok)
	c, err := calendar.New(stored)
	require.NoError(t, err)
	require.Equal(t, time.Hour, c.Between(q.process(t, n).Opened, k.Due), "one working hour, whatever the clock on the wall says")
	was, _ := q.process(t, old).Clock("first_response")
	require.Equal(t, 6*time.Hour, was.Due.Sub(q.process(t, old).Opened), "editing a policy never moves the past")
	_, err = q.s.AddPolicy(t.Context(), "support", ticket.Settings{Calendar: "nowhere"})
	require.Equal(t, ticket.Invalid, ticket.CodeOf(err))
}

// TestDeletionTakesTheWordsBesideTheMessages: titles, promises, opinions and what commands carried are content too.
func TestDeletionTakesTheWordsBesideTheMessages(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := openedAs(t, q, "m1")
	title := "planted title"
	label := command("c", n, ticket.Classify, sato, "")
	label.Params.Classify = &ticket.ClassifyParams{Title: &title, Fields: map[string]any{"order": "planted field"}}
	q.mustStore(t, label)
	promise := command("p", n, ticket.Promise, sato, "")
	promise.Params.Promise = &ticket.PromiseParams{DueAt: time.Now().Add(time.Hour), Text: "planted promise"}
	q.mustStore(t, promise)
	opinion := command("f", n, ticket.Feedback, ticket.Actor{Kind: ticket.ActorClient, ID: "c_1"}, "")
	opinion.Params.Feedback = &ticket.FeedbackParams{Rating: 1, Comment: "planted comment"}
	q.mustStore(t, opinion)
	spam := command("s", n, ticket.Resolve, sato, "")
	spam.Params.Resolve = &ticket.ResolveParams{Category: ticket.CategorySpam}
	q.mustStore(t, spam)
	q.mustStore(t, command("d", n, ticket.Delete, lead, ""))
	q.settleAll(t, n)
	require.Equal(t, ticket.Deleted, q.process(t, n).State)
	for _, table := range []string{"tickets", "commands", "events", "messages", "promises", "feedback", "revisions"} {
		var left int
		require.NoError(t, q.s.pool.QueryRow(t.Context(), `select count(*) from `+table+` x where x::text like '%planted%'`).Scan(&left))
		require.Zero(t, left, "words are left in %s", table)
	}
	var rating int
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select rating from feedback where ticket = $1`, n).Scan(&rating))
	require.Equal(t, 1, rating, "the statistics stay")
}

package postgres

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func (q *Queue) carried(t testing.TB, o ticket.Order) ticket.Receipt {
	t.Helper()
	r := q.mustStore(t, o)
	q.mustApply(t, ticket.ApplyInput{Number: o.Number})
	return q.receipt(t, r)
}

func messageOf(t testing.TB, q *Queue, id string) (message string) {
	t.Helper()
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select message::text from commands where id = $1`, id).Scan(&message))
	return message
}

func withdrawal(id string, n ticket.Number, message string) ticket.Order {
	o := command(id, n, ticket.Withdraw, sato, "")
	o.Params.Withdraw = &ticket.WithdrawParams{Message: message}
	return o
}

func TestAnAnswerWaitsItsUndoTimeAndAutomaticMailDoesNot(t *testing.T) {
	t.Parallel()
	q := undoing(t)
	n := opened(t, q)
	q.carried(t, command("answer", n, ticket.AgentResponse, sato, "hello"))
	requireCount(t, q.s, 1, `select count(*) from deliveries where occasion = 'acknowledge' and next_at = created_at`)
	requireCount(t, q.s, 1, `select count(*) from deliveries where occasion = 'answer' and next_at = created_at + interval '10 seconds'`)
	a, err := q.Begin(t.Context(), deliveryOf(t, q, "answer"))
	require.NoError(t, err)
	require.Zero(t, a.No, "too early")
	require.Equal(t, "queued", a.State)

	q.undo(t, 0) // the desk's present setting counts, not what the ticket has pinned
	q.carried(t, command("second", n, ticket.AgentResponse, sato, "again"))
	a, err = q.Begin(t.Context(), deliveryOf(t, q, "second"))
	require.NoError(t, err)
	require.Equal(t, 1, a.No)
}

func TestAMessageTakenBackBecomesADraftAndTheTicketIsAsItWas(t *testing.T) {
	t.Parallel()
	q := undoing(t)
	n := opened(t, q)
	before, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	o := command("final", n, ticket.Resolve, sato, "新しい紙をお入れください。")
	o.Params.Resolve = &ticket.ResolveParams{Solution: "paper"}
	o.Message.Cc = []string{"chief@client.example"}
	o.Message.Files = []ticket.NewFile{{Name: "手順.pdf", Type: "application/pdf", Data: []byte("pages")}}
	require.Equal(t, ticket.Applied, q.carried(t, o).Outcome)
	message, mail := messageOf(t, q, "final"), deliveryOf(t, q, "final")

	require.Equal(t, ticket.Applied, q.carried(t, withdrawal("back", n, message)).Outcome)
	after, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	require.Equal(t, ticket.New, after.Process.State)
	require.Empty(t, after.Process.Owner)
	require.Equal(t, before.Last, after.Last)
	require.Empty(t, after.Solution)
	require.Nil(t, after.ClosesAt)
	require.Equal(t, before.DueAt, after.DueAt)
	for i, k := range before.Process.Clocks {
		now := after.Process.Clocks[i]
		require.Equal(t, [4]any{k.Kind, k.State, k.Due, k.Warn}, [4]any{now.Kind, now.State, now.Due, now.Warn})
		require.Greater(t, now.Generation, k.Generation, "its timer was cancelled, and is set anew")
	}
	requireCount(t, q.s, 1, `select count(*) from tickets where client_spoke_last`)
	requireCount(t, q.s, 1, `select count(*) from deliveries where id = $1 and finished_at is not null and reason = 'withdrawn'`, mail)
	a, err := q.Begin(t.Context(), mail)
	require.NoError(t, err)
	require.True(t, a.Finished, "its workflow finds nothing to do")
	_, err = q.s.MessageTicket(t.Context(), message)
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err), "it is no part of the conversation any more")

	drafts, err := q.s.Drafts(t.Context(), "sato", n)
	require.NoError(t, err)
	require.Len(t, drafts, 1)
	d := drafts[0]
	require.Equal(t, [3]any{ticket.Resolve, ticket.DraftWithdrawn, "新しい紙をお入れください。"}, [3]any{d.Kind, d.Why, d.Message.Body})
	require.Equal(t, []string{"chief@client.example"}, d.Message.Cc)
	require.Equal(t, map[string]any{"resolve": map[string]any{"solution": "paper"}}, d.Params)
	require.Equal(t, "手順.pdf", d.Message.Files[0].Name)

	require.Equal(t, "too_late_to_withdraw", q.carried(t, withdrawal("again", n, message)).Reason)
	// Sent again from the draft, with its file, it is a message like any other.
	o = command("final2", n, ticket.Resolve, sato, d.Message.Body)
	o.Draft, o.Message.Files = d.ID, d.Message.Files
	require.Equal(t, ticket.Applied, q.carried(t, o).Outcome)
	requireCount(t, q.s, 1, `select count(*) from attachments f join messages m on m.id = f.message where m.applied and f.name = '手順.pdf' and f.size = 5`)
	requireCount(t, q.s, 0, `select count(*) from drafts`)
}

func TestTooLateToTakeBack(t *testing.T) {
	t.Parallel()
	q := undoing(t)
	n := opened(t, q)
	q.carried(t, command("answer", n, ticket.AgentResponse, sato, "hello"))
	first := messageOf(t, q, "answer")
	q.carried(t, command("note", n, ticket.Note, lead, "psst"))
	require.Equal(t, "too_late_to_withdraw", q.carried(t, withdrawal("w1", n, first)).Reason, "something came after")

	q.carried(t, command("second", n, ticket.AgentResponse, sato, "hello again"))
	exec(t, q.s, `update deliveries set next_at = now()`)
	a, err := q.Begin(t.Context(), deliveryOf(t, q, "second"))
	require.NoError(t, err)
	require.Equal(t, 1, a.No)
	require.Equal(t, "too_late_to_withdraw", q.carried(t, withdrawal("w2", n, messageOf(t, q, "second"))).Reason, "it is on its way")

	_, err = q.Finish(t.Context(), deliveryOf(t, q, "second"), 1, []ticket.End{{Address: "yamada@client.example", State: "queued", Reason: "451 busy"}}, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, ticket.Applied, q.carried(t, withdrawal("w3", n, messageOf(t, q, "second"))).Outcome, "the server did not take it: it is still here")
	require.Equal(t, "too_late_to_withdraw", q.carried(t, withdrawal("w4", n, messageOf(t, q, "note"))).Reason, "a note is no mail")
	require.Equal(t, "too_late_to_withdraw", q.carried(t, withdrawal("w5", n, messageOf(t, q, "first"))).Reason, "nor is what came in")
}

// A worker begins to send in the very moment in which the agent takes the message back: one of them wins, never both.
func TestTakingBackAndSendingAtOnce(t *testing.T) {
	t.Parallel()
	q := undoing(t)
	n := opened(t, q)
	won := map[bool]int{}
	for round := range 12 {
		id := "answer" + string(rune('a'+round))
		q.carried(t, command(id, n, ticket.AgentResponse, sato, "words "+id))
		mail := deliveryOf(t, q, id)
		exec(t, q.s, `update deliveries set next_at = now() where id = $1`, mail)
		back := q.mustStore(t, withdrawal("back"+id, n, messageOf(t, q, id)))
		var sent ticket.Attempt
		var wg sync.WaitGroup
		begin := func() { sent, _ = q.Begin(t.Context(), mail) }
		apply := func() { _, _ = q.Apply(t.Context(), ticket.ApplyInput{Number: n}) }
		for _, do := range []func(){begin, apply} {
			wg.Go(do)
		}
		wg.Wait()
		applied := q.receipt(t, back).Outcome == ticket.Applied
		require.NotEqual(t, applied, sent.No > 0, "round %d: withdrawn %v, attempt %d", round, applied, sent.No)
		won[applied]++
	}
	t.Log("taken back, left:", won[true], won[false])
}

func TestAHandOverThatWasRecalledIsNotTakenBack(t *testing.T) {
	t.Parallel()
	q := undoing(t)
	n := opened(t, q)
	hand := command("hand", n, ticket.Escalate, sato, "")
	hand.Params.Escalate = &ticket.EscalateParams{Desk: "repair", Body: "look"}
	require.Equal(t, ticket.Applied, q.carried(t, hand).Outcome)
	q.carried(t, command("interim", n, ticket.AgentResponse, sato, "we look into it"))
	require.Equal(t, ticket.Applied, q.carried(t, withdrawal("w1", n, messageOf(t, q, "interim"))).Outcome)
	q.carried(t, command("final", n, ticket.Resolve, sato, "it works again"))
	require.Equal(t, "too_late_to_withdraw", q.carried(t, withdrawal("w2", n, messageOf(t, q, "final"))).Reason)
}

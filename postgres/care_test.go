package postgres

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// queuedMail answers a ticket and returns the mail that is to be sent.
func (q *Queue) queuedMail(t testing.TB, n ticket.Number, id string) string {
	t.Helper()
	q.mustStore(t, command(id, n, ticket.AgentResponse, sato, "hello"))
	q.mustApply(t, ticket.ApplyInput{Number: n})
	return deliveryOf(t, q, id)
}

// deliveryOf is the mail of the message that went with a command.
func deliveryOf(t testing.TB, q *Queue, id string) (delivery string) {
	t.Helper()
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select d.id::text from deliveries d where message = (select message from commands where id = $1)`, id).Scan(&delivery))
	return delivery
}

func TestALoginThatIsRefusedThreeTimesStopsTheMailbox(t *testing.T) {
	t.Parallel()
	q := engine(t)
	id := q.mailbox(t)
	for i := range 3 {
		require.Equal(t, []string{id}, mustWatch(t, q), "after %d", i)
		times, err := q.Refused(t.Context(), id, settingsOf(t, q, id), "the login was refused")
		require.NoError(t, err)
		require.Equal(t, i+1, times)
	}
	require.Empty(t, mustWatch(t, q))
	boxes, err := q.s.Mailboxes(t.Context())
	require.NoError(t, err)
	require.Equal(t, "stopped", boxes[0].State)
	require.Contains(t, boxes[0].LastError, "until the settings are corrected")

	a, err := q.s.Account(t.Context(), id)
	require.NoError(t, err)
	a.Password = "the right one"
	_, err = q.s.SaveAccount(t.Context(), a)
	require.NoError(t, err)
	require.Equal(t, []string{id}, mustWatch(t, q), "other settings: it is tried again")
	_, err = q.Refused(t.Context(), id, settingsOf(t, q, id), "again")
	require.NoError(t, err)
	require.NoError(t, q.Seen(t.Context(), id, "polling", ""))
	times, err := q.Refused(t.Context(), id, settingsOf(t, q, id), "later")
	require.NoError(t, err)
	require.Equal(t, 1, times, "only those in a row count")
}

func mustWatch(t testing.TB, q *Queue) []string {
	t.Helper()
	ids, err := q.MailboxesToWatch(t.Context())
	require.NoError(t, err)
	return ids
}

func TestTroubleWithTheAccountLetsTheWholeMailboxRest(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	one, two := q.queuedMail(t, n, "a"), q.queuedMail(t, n, "b")
	a, err := q.Begin(t.Context(), one)
	require.NoError(t, err)
	retry := time.Now().Add(5 * time.Minute)
	_, err = q.Finish(t.Context(), one, a.No, []ticket.End{{Address: yamada.Email, State: queued, Reason: "535 5.7.8 no", Account: true, Settings: a.SMTP.Settings}}, retry)
	require.NoError(t, err)
	boxes, err := q.s.Mailboxes(t.Context())
	require.NoError(t, err)
	require.Equal(t, "sending rests: 535 5.7.8 no", boxes[0].LastError)

	b, err := q.Begin(t.Context(), two)
	require.NoError(t, err)
	require.Zero(t, b.No, "the other mail does not try its luck")
	require.False(t, b.Finished)
	require.False(t, b.NextAt.Before(retry.Truncate(time.Microsecond)))
	require.WithinDuration(t, retry, b.NextAt, 20*time.Second)

	requireCount(t, q.s, 1, `select count(*) from deliveries where id = $1 and next_at = $2`, two, b.NextAt)
	later, err := q.Unstarted(t.Context(), 10)
	require.NoError(t, err)
	require.NotContains(t, later, two, "nobody starts it again and again while it rests")

	exec(t, q.s, `update mailboxes set resting_until = now() - interval '1 second'`)
	exec(t, q.s, `update deliveries set next_at = now()`)
	q.accept(t, two)
	boxes, err = q.s.Mailboxes(t.Context())
	require.NoError(t, err)
	require.Empty(t, boxes[0].LastError, "it is over")
	requireCount(t, q.s, 1, `select count(*) from mailboxes where resting_until is null`)
}

func TestAMailThatHasNotLeftForFourHoursIsToldOnce(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	id := q.queuedMail(t, n, "a")
	try := func() ticket.DeliveryState {
		exec(t, q.s, `update deliveries set next_at = now()`)
		a, err := q.Begin(t.Context(), id)
		require.NoError(t, err)
		s, err := q.Finish(t.Context(), id, a.No, endsOf(a, queued), time.Now())
		require.NoError(t, err)
		return s
	}
	require.Zero(t, try().Number)
	exec(t, q.s, `update deliveries set created_at = now() - interval '241 minutes'`)
	s := try()
	require.Equal(t, n, s.Number, "the ticket is rung")
	require.False(t, s.Finished, "it is still tried")
	require.Zero(t, try().Number)
	requireCount(t, q.s, 1, `select count(*) from commands where name = 'delivery-failed' and params->'delivery_failed'->>'state' = 'overdue'`)
	q.mustApply(t, ticket.ApplyInput{Number: n})
	record, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	require.True(t, record.Process.Failed, "somebody must look")
	q.accept(t, id)
}

func TestTheQuarantineGivesItsSourceAndIsReadAgain(t *testing.T) {
	t.Parallel()
	q := engine(t)
	q.takeIn(t, 7, ticket.Fate{Fate: "quarantined", Evidence: map[string]any{"because": "a defect"}})
	box := q.mailbox(t)
	raw, err := q.s.FateSource(t.Context(), box, 1, 7)
	require.NoError(t, err)
	require.Equal(t, "source of mail 7", string(raw))
	_, err = q.s.FateSource(t.Context(), box, 1, 8)
	require.Equal(t, ticket.NotFound, code(err))

	kept, err := q.Again(t.Context(), box)
	require.NoError(t, err)
	require.Empty(t, kept)
	require.NoError(t, q.s.Retry(t.Context(), box, 1, 7))
	kept, err = q.Again(t.Context(), box)
	require.NoError(t, err)
	require.Equal(t, []ticket.Received{{Mailbox: box, UIDValidity: 1, UID: 7, Digest: sha256.Sum256(raw), Raw: raw}}, kept)
	_, unsettled, err := q.Unknown(t.Context(), box, 1, []uint32{7})
	require.NoError(t, err)
	require.Equal(t, []uint32{7}, unsettled)

	o := mailIn("again", 0, "now it can be read")
	q.takeIn(t, 7, ticket.Fate{Fate: "message", Order: &o})
	require.Equal(t, ticket.Conflict, code(q.s.Retry(t.Context(), box, 1, 7)), "it has its fate")
	require.Equal(t, ticket.NotFound, code(q.s.Retry(t.Context(), box, 1, 70)))
	missing, unsettled, err := q.Unknown(t.Context(), box, 1, []uint32{6, 7, 8})
	require.NoError(t, err)
	require.Equal(t, []uint32{6, 8}, missing)
	require.Empty(t, unsettled)
}

func TestCopiesOfWhatWasSentAreListedUntilStored(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	id := q.queuedMail(t, n, "a")
	_, err := q.Freeze(t.Context(), id, []byte("frozen"))
	require.NoError(t, err)
	q.accept(t, id)
	box := q.mailbox(t)
	list := func() []ticket.Copy {
		found, err := q.Copies(t.Context(), box)
		require.NoError(t, err)
		return found
	}
	require.Empty(t, list(), "no folder is named")
	exec(t, q.s, `update mailboxes set sent_folder = 'Sent'`)
	require.Len(t, list(), 1)
	require.Equal(t, id, list()[0].Delivery)
	raw, err := q.Source(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, "frozen", string(raw))
	require.NoError(t, q.Copied(t.Context(), id))
	require.Empty(t, list())
}

// A desk with two mailboxes answers through the one that the mail came to.
func TestMailLeavesThroughTheMailboxThatItCameTo(t *testing.T) {
	t.Parallel()
	q := engine(t)
	second, err := q.s.SaveAccount(t.Context(), Account{
		Desk: "support", Address: "sales@desk.example", IMAPAddr: "127.0.0.1:1", SMTPAddr: "127.0.0.1:2", Username: "sales", Password: "other", Enabled: true,
	})
	require.NoError(t, err)
	o := mailIn("m", 0, "hello")
	o.Opening.Mailbox = second.ID
	f := ticket.Fate{Fate: "message", Order: &o, Received: ticket.Received{Mailbox: second.ID, UIDValidity: 1, UID: 1, Raw: []byte("x")}}
	_, err = q.Receive(t.Context(), []ticket.Received{f.Received})
	require.NoError(t, err)
	settled, err := q.Settle(t.Context(), f)
	require.NoError(t, err)
	q.mustApply(t, ticket.ApplyInput{Number: settled.Number})
	a, err := q.Begin(t.Context(), q.queuedMail(t, settled.Number, "answer"))
	require.NoError(t, err)
	require.Equal(t, "sales@desk.example", a.Mail.From.Address)
	require.Equal(t, "sales@desk.example", a.From)
	require.Equal(t, "127.0.0.1:2", a.SMTP.Addr)
	require.Equal(t, "other", a.SMTP.Password.Reveal())

	first := opened(t, q)
	a, err = q.Begin(t.Context(), q.queuedMail(t, first, "answer2"))
	require.NoError(t, err)
	require.Equal(t, "support@desk.example", a.Mail.From.Address)
}

// What a stranger writes with a guessed number is a ticket of its own, tied to the one that he names.
func TestASuspectedTicketIsTied(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	o := mailIn("stranger", 0, "Re: your number")
	settled := q.takeIn(t, 7, ticket.Fate{Fate: "message", Order: &o, Suspected: n})
	require.NotEqual(t, n, settled.Number)
	requireCount(t, q.s, 2, `select count(*) from links where kind = 'related' and (ticket, other) in (($1, $2), ($2, $1))`, n, settled.Number)
	other := mailIn("another", 0, "About a ticket that never was")
	q.takeIn(t, 8, ticket.Fate{Fate: "message", Order: &other, Suspected: 9999})
	requireCount(t, q.s, 2, `select count(*) from links where kind = 'related'`)
}

func TestAMailEndsWhateverStateItsTicketIsIn(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	id := q.queuedMail(t, n, "a")
	exec(t, q.s, `update deliveries set next_at = now()`)
	a, err := q.Begin(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, q.Data(t.Context(), id, a.No))
	exec(t, q.s, `update tickets set process = jsonb_set(process, '{state}', '"waiting_for_parts"')`) // by a newer program
	s, err := q.Finish(t.Context(), id, a.No, endsOf(a, accepted), time.Time{})
	require.NoError(t, err)
	require.Equal(t, accepted, s.State)
}

// What rested because of the account leaves as soon as its mailbox is set right, not when the rest would have ended.
func TestCorrectedSettingsEndTheRestOfAMailbox(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	refused, rested := q.queuedMail(t, n, "a"), q.queuedMail(t, n, "b")
	a, err := q.Begin(t.Context(), refused)
	require.NoError(t, err)
	_, err = q.Finish(t.Context(), refused, a.No, []ticket.End{{Address: yamada.Email, State: queued, Reason: "535 5.7.8 no", Account: true, Settings: a.SMTP.Settings}}, time.Now().Add(30*time.Minute))
	require.NoError(t, err)
	b, err := q.Begin(t.Context(), rested)
	require.NoError(t, err)
	require.Zero(t, b.No)
	exec(t, q.s, `update deliveries set created_at = created_at - interval '5 minutes' where id = $1`, rested)
	q.undo(t, 100)
	undo := q.queuedMail(t, n, "c") // it may still be taken back
	exec(t, q.s, `update deliveries set next_at = now() + interval '40 minutes' where id = $1`, undo)

	roused, err := q.Roused(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, roused)
	m, err := q.s.MailSettings(t.Context(), q.mailbox(t))
	require.NoError(t, err)
	m.Login.Password = "the right one"
	_, err = q.s.ChangeMailbox(t.Context(), m)
	require.NoError(t, err)
	roused, err = q.Roused(t.Context(), 10)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{refused, rested, undo}, roused)
	requireCount(t, q.s, 1, `select count(*) from deliveries where id = $1 and next_at between now() + interval '80 seconds' and now() + interval '101 seconds'`, undo)
	require.NoError(t, q.Started(t.Context(), roused))
	for _, id := range []string{refused, rested} {
		q.accept(t, id) // at once, however young it is
	}
	roused, err = q.Roused(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, roused, "they are rung once")
}

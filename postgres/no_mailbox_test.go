package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// A desk without a mailbox, such as one that only helps others: its mail to clients has no way out and says so at once,
// in place of trying for ever; what its people are told leaves through another desk's.
func TestADeskWithoutAMailbox(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx := t.Context()
	n := opened(t, q)
	exec(t, q.s, `update mailboxes set desk = 'repair'`)
	answer := q.queuedMail(t, n, "a")
	a, err := q.Begin(ctx, answer)
	require.NoError(t, err)
	require.True(t, a.Finished)
	require.Equal(t, failed, a.State)
	require.Contains(t, a.Reason, "no mailbox")
	require.Zero(t, a.No)
	requireCount(t, q.s, 1, `select count(*) from commands where name = 'delivery-failed' and ticket = $1`, n)

	wants(t, q, "lead", ticket.NoticeInstant)
	q.carried(t, command("note", n, ticket.Note, sato, "@lead look"))
	told := mailThem(t, q, "lead")
	require.Len(t, told.Deliveries, 1)
	a, err = q.Begin(ctx, told.Deliveries[0])
	require.NoError(t, err)
	require.Equal(t, 1, a.No)
	require.Equal(t, "support@desk.example", a.Mail.From.Address)
}

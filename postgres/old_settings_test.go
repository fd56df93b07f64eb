package postgres

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func settingsOf(t testing.TB, q *Queue, mailbox string) int {
	t.Helper()
	version, err := q.MailboxVersion(t.Context(), mailbox)
	require.NoError(t, err)
	return version
}

// A login was under way with the old password while the settings were saved: what it says is not of the new ones.
func TestARefusalOfOldSettingsStopsNothing(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx := t.Context()
	m, err := q.s.AddMailbox(ctx, salesBox())
	require.NoError(t, err)
	before := settingsOf(t, q, m.ID)
	m, err = q.s.ChangeMailbox(ctx, m)
	require.NoError(t, err)
	for range ticket.LoginsRefused + 1 {
		times, err := q.Refused(ctx, m.ID, before, "the login was refused")
		require.NoError(t, err)
		require.Zero(t, times)
	}
	require.Contains(t, mustWatch(t, q), m.ID)
	times, err := q.Refused(ctx, m.ID, m.Version, "the login was refused")
	require.NoError(t, err)
	require.Equal(t, 1, times)
}

// An attempt was under way with the old password while the settings were saved: its refusal lets nothing rest.
func TestAnAttemptUnderOldSettingsStartsNoRest(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	under, other := q.queuedMail(t, n, "a"), q.queuedMail(t, n, "b")
	a, err := q.Begin(t.Context(), under)
	require.NoError(t, err)
	m, err := q.s.MailSettings(t.Context(), q.mailbox(t))
	require.NoError(t, err)
	m.Login.Password = "the right one"
	_, err = q.s.ChangeMailbox(t.Context(), m)
	require.NoError(t, err)
	_, err = q.Finish(t.Context(), under, a.No, []ticket.End{{Address: yamada.Email, State: queued, Reason: "535 5.7.8 no", Account: true, Settings: a.SMTP.Settings}}, time.Now().Add(30*time.Minute))
	require.NoError(t, err)
	requireCount(t, q.s, 1, `select count(*) from mailboxes where resting_until is null and alert is null`)
	b, err := q.Begin(t.Context(), other)
	require.NoError(t, err)
	require.Equal(t, 1, b.No, "the other mail leaves with the new password")
}

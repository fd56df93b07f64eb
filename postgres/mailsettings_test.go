package postgres

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func salesBox() ticket.MailSettings {
	return ticket.MailSettings{
		Desk: "support", Address: "Sales@desk.example", Enabled: true, Folder: "INBOX", PollSeconds: 30, Caps: ticket.DefaultMailCaps(),
		IMAP: ticket.MailDoor{Addr: "imap:993", TLS: "tls"}, SMTP: ticket.MailDoor{Addr: "smtp:587", TLS: "starttls"},
		Login: ticket.MailLogin{Mode: ticket.LoginPassword, Username: "sales", Password: "s3cret"}, After: ticket.After{Mode: "keyword"},
	}
}

func TestAMailboxIsAddedChangedAndRemoved(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx := t.Context()
	m, err := q.s.AddMailbox(ctx, salesBox())
	require.NoError(t, err)
	require.Equal(t, "sales@desk.example", m.Address)
	require.True(t, m.Login.PasswordSet)
	require.Empty(t, m.Login.Password, "secrets do not come out this way")
	require.Contains(t, mustWatch(t, q), m.ID)
	box, err := q.Mailbox(ctx, m.ID)
	require.NoError(t, err)
	require.Equal(t, "s3cret", box.IMAP.Password.Reveal())
	require.Equal(t, 30*time.Second, box.Poll)
	_, err = q.s.AddMailbox(ctx, salesBox())
	require.Equal(t, ticket.Conflict, code(err))

	// It was stopped; other settings let it be tried again, and the watch notices them.
	held, leased, err := q.LeaseToken(ctx, m.ID, time.Minute)
	require.NoError(t, err)
	require.True(t, leased)
	require.NoError(t, q.StopMailbox(ctx, held, "no token is granted"))
	require.NotContains(t, mustWatch(t, q), m.ID)
	stale := m
	m.Login.Mode, m.Login.TokenURL, m.Login.ClientID, m.Login.RefreshToken = ticket.LoginXOAuth2, "https://login.example/token", "desk", "refresh"
	m.After, m.SentFolder, m.Authserv, m.Caps.SendsMinute = ticket.After{Mode: "move", Folder: "Done"}, "Sent", "mx.desk.example", 30
	changed, err := q.s.ChangeMailbox(ctx, m)
	require.NoError(t, err)
	require.Equal(t, m.Version+1, changed.Version)
	require.True(t, changed.Login.PasswordSet && changed.Login.RefreshTokenSet)
	require.Equal(t, "move", changed.After.Mode)
	require.NoError(t, q.StopMailbox(ctx, held, "no token is granted to the old settings"))
	require.Contains(t, mustWatch(t, q), m.ID)
	version, err := q.MailboxVersion(ctx, m.ID)
	require.NoError(t, err)
	require.NotEqual(t, box.Version, version)
	box, err = q.Mailbox(ctx, m.ID)
	require.NoError(t, err)
	require.Equal(t, "XOAUTH2", box.IMAP.Mechanism)
	require.Equal(t, m.ID, box.IMAP.Mailbox)
	_, err = q.s.ChangeMailbox(ctx, stale)
	require.Equal(t, ticket.Conflict, code(err), "somebody else changed it since")

	require.NoError(t, q.s.RemoveMailbox(ctx, m.ID))
	require.Equal(t, ticket.NotFound, code(q.s.RemoveMailbox(ctx, m.ID)))
	_, err = q.s.MailSettings(ctx, m.ID)
	require.Equal(t, ticket.NotFound, code(err))
	require.NotContains(t, mustWatch(t, q), m.ID)
	boxes, err := q.s.Mailboxes(ctx)
	require.NoError(t, err)
	require.Len(t, boxes, 1)
	requireCount(t, q.s, 1, `select count(*) from mailboxes where id = $1 and secret is null and token_refresh is null`, m.ID)
	again, err := q.s.AddMailbox(ctx, salesBox())
	require.NoError(t, err)
	require.Equal(t, m.ID, again.ID, "its ledger is there again")
}

func TestAMailboxMustFitTheHouse(t *testing.T) {
	t.Parallel()
	q := engine(t)
	m := salesBox()
	m.Desk = "nowhere"
	_, err := q.s.AddMailbox(t.Context(), m)
	require.Equal(t, ticket.Invalid, code(err))
	m = salesBox()
	m.Address = "sato@desk.example"
	_, err = q.s.AddMailbox(t.Context(), m)
	require.Equal(t, ticket.Invalid, code(err), "notices to an agent would be taken in as mail")
	boxes, err := q.s.Mailboxes(t.Context())
	require.NoError(t, err)
	require.Len(t, boxes, 1)
}

// A bootstrap follows the ports of `up` until a person has set the mailbox.
func TestWhatAPersonHasSetStays(t *testing.T) {
	t.Parallel()
	q := engine(t)
	m, err := q.s.MailSettings(t.Context(), q.mailbox(t))
	require.NoError(t, err)
	m.IMAP.Addr = "imap.real.example:993"
	_, err = q.s.ChangeMailbox(t.Context(), m)
	require.NoError(t, err)
	first := FirstDesk{Key: "support", Name: "Support", Address: m.Address, Group: "support", IMAPAddr: "127.0.0.1:1143", SMTPAddr: "127.0.0.1:1025", Username: "x", Password: "demo"}
	require.NoError(t, q.s.EnsureFirstDesk(t.Context(), first))
	now, err := q.s.MailSettings(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, "imap.real.example:993", now.IMAP.Addr)
}

func TestATokenIsLeasedKeptAndEnded(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx := t.Context()
	m := salesBox()
	m.Login = ticket.MailLogin{Mode: ticket.LoginOAuthBearer, Username: "sales", TokenURL: "https://login.example/token", ClientID: "desk", ClientSecret: "client", RefreshToken: "first"}
	m, err := q.s.AddMailbox(ctx, m)
	require.NoError(t, err)

	var mu sync.Mutex
	var held []ticket.Token
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			token, leased, err := q.LeaseToken(ctx, m.ID, time.Minute)
			requireNoError(t, err)
			if leased {
				mu.Lock()
				held = append(held, token)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	require.Len(t, held, 1, "one asks, the others wait")
	one := held[0]
	require.Equal(t, "client", one.ClientSecret.Reveal())
	require.Equal(t, "first", one.Refresh.Reveal())

	one.Access, one.Refresh, one.IssuedAt, one.ExpiresAt = "access", "second", time.Now(), time.Now().Add(time.Hour)
	require.NoError(t, q.SaveToken(ctx, one))
	require.ErrorIs(t, q.SaveToken(ctx, one), ticket.ErrOvertaken, "the lease is over")
	now, err := q.Token(ctx, m.ID)
	require.NoError(t, err)
	require.Equal(t, "access", now.Access.Reveal())
	require.Equal(t, "second", now.Refresh.Reveal())
	require.WithinDuration(t, time.Now().Add(time.Hour), now.ExpiresAt, time.Minute)

	// Whoever dies with a lease only lets the others wait.
	_, leased, err := q.LeaseToken(ctx, m.ID, -time.Second)
	require.NoError(t, err)
	require.True(t, leased)
	late, leased, err := q.LeaseToken(ctx, m.ID, time.Minute)
	require.NoError(t, err)
	require.True(t, leased)

	// Other settings come while it is asked for: what comes back belongs to the old ones.
	m.Login.RefreshToken = "granted anew"
	m, err = q.s.MailSettings(ctx, m.ID)
	require.NoError(t, err)
	m.Login.RefreshToken = "granted anew"
	_, err = q.s.ChangeMailbox(ctx, m)
	require.NoError(t, err)
	late.Access, late.Refresh = "old", "old"
	require.ErrorIs(t, q.SaveToken(ctx, late), ticket.ErrOvertaken)
	now, err = q.Token(ctx, m.ID)
	require.NoError(t, err)
	require.Empty(t, now.Access, "the token of the old settings is not used any more")
	require.Equal(t, "granted anew", now.Refresh.Reveal())

	last, leased, err := q.LeaseToken(ctx, m.ID, time.Minute)
	require.NoError(t, err)
	require.True(t, leased)
	require.NoError(t, q.StopMailbox(ctx, last, "invalid_grant"))
	now, err = q.Token(ctx, m.ID)
	require.NoError(t, err)
	require.True(t, now.Stopped)
	boxes, err := q.s.Mailboxes(ctx)
	require.NoError(t, err)
	require.Equal(t, "stopped", boxes[0].State)
	require.Contains(t, boxes[0].LastError, "invalid_grant")
	var sealed int
	require.NoError(t, q.s.pool.QueryRow(ctx, `select position('granted'::bytea in token_refresh) from mailboxes where id = $1`, m.ID).Scan(&sealed))
	require.Zero(t, sealed, "it is not stored in the clear")
}

// Five mails at sixty a minute leave a second apart; without a bound all at once.
func TestAMailboxBoundsHowFastItsMailLeaves(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	exec(t, q.s, `update mailboxes set sends_minute = 60`)
	var ids []string
	for i := range 5 {
		ids = append(ids, q.queuedMail(t, n, string(rune('a'+i))))
	}
	start := time.Now()
	began := 0
	var last time.Time
	for _, id := range ids {
		a, err := q.Begin(t.Context(), id)
		require.NoError(t, err)
		if a.No > 0 {
			began++
			continue
		}
		require.True(t, a.NextAt.After(last))
		last = a.NextAt
		again, err := q.Begin(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, a.NextAt, again.NextAt, "it keeps its turn")
	}
	require.GreaterOrEqual(t, began, 1)
	require.Less(t, began, 5)
	require.WithinDuration(t, start.Add(4*time.Second), last, 2*time.Second)
	exec(t, q.s, `update deliveries set next_at = now() - interval '1 second'`) // its turn has come
	a, err := q.Begin(t.Context(), ids[4])
	require.NoError(t, err)
	require.Equal(t, 1, a.No)
}

// A ticket that follows up a closed one is answered from the same address.
func TestAFollowUpKeepsTheMailbox(t *testing.T) {
	t.Parallel()
	q := engine(t)
	second, err := q.s.AddMailbox(t.Context(), salesBox())
	require.NoError(t, err)
	n := opened(t, q)
	exec(t, q.s, `update tickets set mailbox = $1 where number = $2`, second.ID, n)
	closing := command("close", n, ticket.Close, lead, "")
	closing.Message = nil
	q.mustStore(t, closing)
	q.mustApply(t, ticket.ApplyInput{Number: n})
	q.mustStore(t, mailIn("later", n, "It is broken again."))
	q.mustApply(t, ticket.ApplyInput{Number: n})
	requireCount(t, q.s, 1, `select count(*) from links l join tickets t on t.number = l.ticket where l.kind = 'follow_up' and l.other = $1 and t.mailbox = $2`, n, second.ID)
}

// A mailbox has a key to sign with: sealed, kept over other changes, used once it is told to, and destroyed in the end.
func TestAKeyToSignWithIsSealedAndUsed(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx := t.Context()
	n := opened(t, q)
	m, err := q.s.MailSettings(ctx, q.mailbox(t))
	require.NoError(t, err)
	require.Equal(t, ticket.DKIM{}, m.DKIM)
	change := func() {
		t.Helper()
		m, err = q.s.ChangeMailbox(ctx, m)
		require.NoError(t, err)
	}
	m.DKIM = ticket.DKIM{Selector: "desk2026", Public: "k=rsa; p=AAAA", Key: "the private half"}
	change()
	require.Equal(t, ticket.DKIM{Selector: "desk2026", Public: "k=rsa; p=AAAA"}, m.DKIM, "the key does not come out this way")
	name, value := m.DKIM.Record(m.Address)
	require.Equal(t, "desk2026._domainkey.desk.example", name)
	require.Equal(t, "v=DKIM1; k=rsa; p=AAAA", value)
	requireCount(t, q.s, 0, `select count(*) from mailboxes where position('private'::bytea in dkim_key) > 0`)
	a, err := q.Begin(ctx, q.queuedMail(t, n, "a"))
	require.NoError(t, err)
	require.Zero(t, a.Sign, "not before it is told to")

	m.DKIM.Signs = true
	change()
	want := ticket.SigningKey{Domain: "desk.example", Selector: "desk2026", Key: "the private half"}
	id := q.queuedMail(t, n, "b")
	b, err := q.Begin(ctx, id)
	require.NoError(t, err)
	require.Equal(t, want, b.Sign)
	doors, err := q.Doors(ctx, m.ID)
	require.NoError(t, err)
	require.Equal(t, want, doors.Sign)
	_, err = q.Freeze(ctx, id, []byte("signed"))
	require.NoError(t, err)
	_, err = q.Finish(ctx, id, b.No, endsOf(b, queued), time.Now())
	require.NoError(t, err)
	b, err = q.Begin(ctx, id)
	require.NoError(t, err)
	require.Zero(t, b.Sign, "what is frozen is signed once")

	m.DKIM = ticket.DKIM{}
	change()
	requireCount(t, q.s, 0, `select count(*) from mailboxes where dkim_key is not null or dkim_signs`)
}

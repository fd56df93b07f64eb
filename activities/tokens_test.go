package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// vault keeps one mailbox's token in memory, as the record does, and is the token server too.
type vault struct {
	mu     sync.Mutex
	now    time.Time
	token  ticket.Token
	held   bool
	lasts  time.Duration
	asked  int
	spent  map[ticket.Secret]bool
	answer error
	during func() // while the server thinks
	stops  []string
}

func newVault() *vault {
	v := &vault{now: noon, lasts: time.Hour, spent: map[ticket.Secret]bool{}}
	v.token = ticket.Token{Mailbox: "m1", Refresh: "r0"}
	return v
}

func (v *vault) Token(context.Context, string) (ticket.Token, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.token, nil
}

func (v *vault) LeaseToken(context.Context, string, time.Duration) (ticket.Token, bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.held {
		return ticket.Token{}, false, nil
	}
	v.held = true
	return v.token, true, nil
}

func (v *vault) SaveToken(_ context.Context, t ticket.Token) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.token, v.held = t, false
	return nil
}

func (v *vault) DropLease(context.Context, ticket.Token) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.held = false
	return nil
}

func (v *vault) StopMailbox(_ context.Context, _ ticket.Token, why string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stops, v.held, v.token.Stopped = append(v.stops, why), false, true
	return nil
}

// Grant replaces the refresh token each time, as strict servers do: one that was spent is refused.
func (v *vault) Grant(_ context.Context, t ticket.Token) (access, refresh ticket.Secret, lasts time.Duration, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked++
	if v.during != nil {
		v.during()
	}
	switch {
	case v.answer != nil:
		return "", "", 0, v.answer
	case v.spent[t.Refresh]:
		return "", "", 0, fmt.Errorf("%w: invalid_grant", ErrGrantRefused)
	}
	v.spent[t.Refresh] = true
	return ticket.Secret(fmt.Sprint("a", v.asked)), ticket.Secret(fmt.Sprint("r", v.asked)), v.lasts, nil
}

func (v *vault) tokens() *Tokens {
	return &Tokens{Record: v, Grants: v, Log: slog.New(slog.DiscardHandler), Now: func() time.Time {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.now
	}}
}

func (v *vault) access(t *testing.T, refused ticket.Secret) string {
	t.Helper()
	got, err := v.tokens().Access(t.Context(), "m1", refused)
	require.NoError(t, err)
	return got.Reveal()
}

func TestATokenIsRefreshedBeforeItsEnd(t *testing.T) {
	t.Parallel()
	v := newVault()
	require.Equal(t, "a1", v.access(t, ""))
	v.now = noon.Add(44 * time.Minute)
	require.Equal(t, "a1", v.access(t, ""))
	v.now = noon.Add(46 * time.Minute)
	require.Equal(t, "a2", v.access(t, ""), "three quarters of its life are over")
	require.Equal(t, "a2", v.access(t, ""))
	require.Equal(t, 2, v.asked)
	require.Equal(t, "r2", v.token.Refresh.Reveal(), "the refresh token was replaced and kept")
}

func TestManyWorkersAskOnce(t *testing.T) {
	t.Parallel()
	v := newVault()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			got, err := v.tokens().Access(context.WithoutCancel(t.Context()), "m1", "")
			if err != nil || got != "a1" {
				t.Errorf("%s %v", got.Reveal(), err)
			}
		})
	}
	all.Wait()
	require.Equal(t, 1, v.asked)
}

func TestATokenThatTheMailServerRefusesIsReplacedOnce(t *testing.T) {
	t.Parallel()
	v := newVault()
	require.Equal(t, "a1", v.access(t, ""))
	require.Equal(t, "a2", v.access(t, "a1"))
	require.Equal(t, "a2", v.access(t, "a1"), "somebody else has replaced it already")
	require.Equal(t, 2, v.asked)
}

func TestATokenServerThatIsAwayIsNoTroubleWhileTheTokenIsGood(t *testing.T) {
	t.Parallel()
	v := newVault()
	v.access(t, "")
	v.answer = errors.New("connection refused")
	v.now = noon.Add(50 * time.Minute)
	require.Equal(t, "a1", v.access(t, ""))
	v.now = noon.Add(61 * time.Minute)
	_, err := v.tokens().Access(t.Context(), "m1", "")
	require.ErrorContains(t, err, "connection refused")
	require.NotErrorIs(t, err, ErrStopped)
	require.Empty(t, v.stops)
	v.answer = nil
	require.Equal(t, "a4", v.access(t, ""), "and it is asked again")
}

func TestARefusedGrantStopsTheMailbox(t *testing.T) {
	t.Parallel()
	v := newVault()
	v.spent["r0"] = true
	_, err := v.tokens().Access(t.Context(), "m1", "")
	require.ErrorIs(t, err, ErrStopped)
	require.Len(t, v.stops, 1)
	require.Contains(t, v.stops[0], "invalid_grant")
	_, err = v.tokens().Access(t.Context(), "m1", "")
	require.ErrorIs(t, err, ErrStopped)
	require.Equal(t, 1, v.asked, "nobody hammers")
}

// door is an IMAP and SMTP server that knows the good tokens.
type door struct {
	good map[string]bool
	seen []string
}

func (d *door) Open(_ context.Context, a ticket.Account, _ string) (Box, error) {
	d.seen = append(d.seen, a.Password.Reveal())
	if !d.good[a.Password.Reveal()] {
		return nil, fmt.Errorf("%w: AUTHENTICATE failed", ErrAuth)
	}
	return server{}, nil
}

func (d *door) Send(_ context.Context, a ticket.Account, e Envelope, _ []byte, _ func(context.Context) error) ([]ticket.End, bool, error) {
	d.seen = append(d.seen, a.Password.Reveal())
	if !d.good[a.Password.Reveal()] {
		return nil, false, fmt.Errorf("%w: 535", ErrAuth)
	}
	return ends(e.To, "accepted", ""), false, nil
}

func TestALoginByTokenIsTriedOnceMoreWithAnother(t *testing.T) {
	t.Parallel()
	byToken := ticket.Account{Mailbox: "m1", Mechanism: "XOAUTH2", Password: "never used"}
	v, d := newVault(), &door{good: map[string]bool{"a2": true}}
	in := LoggedIn{Post: d, Sender: d, Tokens: v.tokens()}
	_, err := in.Open(t.Context(), byToken, "INBOX")
	require.NoError(t, err)
	require.Equal(t, []string{"a1", "a2"}, d.seen)
	results, _, err := in.Send(t.Context(), byToken, Envelope{To: []string{"a@client.example"}}, nil, nil)
	require.NoError(t, err)
	require.Equal(t, "accepted", results[0].State)

	d.good, d.seen = nil, nil
	_, err = in.Open(t.Context(), byToken, "INBOX")
	require.ErrorIs(t, err, ErrAuth)
	require.Len(t, d.seen, 2, "and then no more")
	results, slow, err := in.Send(t.Context(), byToken, Envelope{To: []string{"a@client.example"}}, nil, nil)
	require.NoError(t, err)
	require.True(t, slow && results[0].Account, "all mail of the mailbox rests")
	require.Equal(t, "queued", results[0].State)

	d.seen = nil
	_, err = in.Open(t.Context(), ticket.Account{Password: "secret"}, "INBOX")
	require.ErrorIs(t, err, ErrAuth)
	require.Equal(t, []string{"secret"}, d.seen, "a password is tried once")
}

func TestAMailboxWithoutATokenStopsAndSaysSo(t *testing.T) {
	t.Parallel()
	v, b := newVault(), newBox()
	v.spent["r0"] = true
	b.settings.IMAP = ticket.Account{Mailbox: "m1", Mechanism: "XOAUTH2"}
	hands := &Mailboxes{Intake: b, Post: LoggedIn{Post: b, Tokens: v.tokens()}, Bell: b, Keys: keys, Log: slog.New(slog.DiscardHandler), WatchFor: time.Hour, Now: time.Now}
	_, err := run(hands.Watch, NameWatch, "m1")
	require.ErrorContains(t, err, TypeGone)
	require.Len(t, v.stops, 1)
	require.Empty(t, b.states, "what was noted stays")
}

package postgres

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

const nextKey = "the key that comes after, only for tests"

// under is the same database, seen with other keys.
func under(t *testing.T, s *Store, secret string, former ...string) *Store {
	t.Helper()
	sealer, err := NewSealer(secret, former...)
	require.NoError(t, err)
	other, err := Open(t.Context(), Config{URL: s.pool.Config().ConnString(), MaxConns: 4, AppName: "test", Sealer: sealer})
	require.NoError(t, err)
	t.Cleanup(other.Close)
	return other
}

// secretsOf reads all that is sealed, as the desk does when it needs it.
func secretsOf(s *Store, hook string) (map[string]string, error) {
	ctx := context.Background()
	out := map[string]string{}
	accounts, err := s.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	out["mailbox"] = accounts[0].Password.Reveal()
	token, err := NewQueue(s, QueueConfig{}).Token(ctx, accounts[0].ID)
	if err != nil {
		return nil, err
	}
	out["client"], out["refresh"], out["access"] = token.ClientSecret.Reveal(), token.Refresh.Reveal(), token.Access.Reveal()
	factor, err := s.Factor(ctx, "sato")
	if err != nil {
		return nil, err
	}
	out["factor"] = factor.Secret.Reveal()
	for _, column := range []string{"secret", "old_secret"} {
		var sealed []byte
		if err := s.pool.QueryRow(ctx, `select `+column+` from webhooks where id = $1`, hook).Scan(&sealed); err != nil {
			return nil, err
		}
		open, err := s.sealer.Open(sealed, hookContext(hook))
		if err != nil {
			return nil, err
		}
		out[column] = string(open)
	}
	return out, s.ProveKey(ctx, false)
}

// sealEverything fills every column that holds something sealed, and tells the webhook's id.
func sealEverything(t *testing.T, s *Store) (hook string) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, s.ProveKey(ctx, true))
	require.NoError(t, s.BeginFactor(ctx, "sato", "SEED"))
	require.NoError(t, s.AddFlow(ctx, Flow{Nonce: "n", Verifier: "VERIFIER", BackTo: "/", ExpiresAt: time.Now().Add(time.Hour)}, []byte("state"), time.Now()))
	seal := func(plain, forWhat string) []byte {
		sealed, err := s.sealer.Seal([]byte(plain), forWhat)
		require.NoError(t, err)
		return sealed
	}
	const at = "support@desk.example"
	exec(t, s, `update mailboxes set token_mechanism = 'XOAUTH2', token_url = 'https://login.example/token', token_client = 'desk', token_secret = $1, token_refresh = $2, token_access = $3, dkim_key = $4`,
		seal("CLIENT", clientContext(at)), seal("REFRESH", refreshContext(at)), seal("ACCESS", accessContext(at)), seal("DKIM", "mailbox dkim "+at))
	hook = "0192f0c1-2345-7abc-8def-000000000001"
	exec(t, s, `insert into webhooks (id, url, events, secret, old_secret, old_until, created_by) values ($1, 'https://hook.example', '{}', $2, $3, now() + interval '1 day', 'admin')`,
		hook, seal("HOOK", hookContext(hook)), seal("OLDHOOK", hookContext(hook)))
	return hook
}

// TestTheSecretKeyIsChanged: with both keys known everything opens, whichever sealed it; after Reseal the new one is
// enough, and the old one opens nothing. It is broken off in the middle and goes on.
func TestTheSecretKeyIsChanged(t *testing.T) {
	t.Parallel()
	before := furnished(t)
	ctx := t.Context()
	hook := sealEverything(t, before)
	want, err := secretsOf(before, hook)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"mailbox": "demo", "client": "CLIENT", "refresh": "REFRESH", "access": "ACCESS", "factor": "SEED", "secret": "HOOK", "old_secret": "OLDHOOK"}, want)

	both, after := under(t, before, nextKey, testKey), under(t, before, nextKey)
	open, err := secretsOf(both, hook)
	require.NoError(t, err)
	require.Equal(t, want, open)
	_, err = secretsOf(after, hook)
	require.ErrorContains(t, err, "another secret key")
	n, err := both.FormerlySealed(ctx)
	require.NoError(t, err)
	require.Equal(t, len(sealedColumns)+1, n)

	// Broken off where the secret behind those of the mailbox is in a row that somebody holds.
	const ofMailbox = 5
	hold, err := before.pool.Begin(ctx)
	require.NoError(t, err)
	_, err = hold.Exec(ctx, `select from agents where key = 'sato' for update`)
	require.NoError(t, err)
	killed, kill := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { _, err := both.Reseal(killed); ended <- err }()
	require.Eventually(t, func() bool {
		n, err := both.FormerlySealed(ctx)
		return err == nil && n == len(sealedColumns)+1-ofMailbox
	}, waitLong, waitStep)
	kill()
	require.Error(t, <-ended)
	require.NoError(t, hold.Rollback(ctx))
	open, err = secretsOf(both, hook)
	require.NoError(t, err, "half of it is sealed with the new key: with both everything opens")
	require.Equal(t, want, open)
	_, err = secretsOf(after, hook)
	require.Error(t, err)

	done, err := both.Reseal(ctx)
	require.NoError(t, err)
	require.Empty(t, done.Shut)
	// The one that was waited for may have come through after all: the server goes on for a moment without us.
	require.Contains(t, []int{len(sealedColumns) - ofMailbox, len(sealedColumns) - ofMailbox - 1}, done.Done)
	again, err := both.Reseal(ctx)
	require.NoError(t, err)
	require.Zero(t, again)
	open, err = secretsOf(after, hook)
	require.NoError(t, err)
	require.Equal(t, want, open)
	flow, err := after.TakeFlow(ctx, []byte("state"), time.Now())
	require.NoError(t, err)
	require.Equal(t, ticket.Secret("VERIFIER"), flow.Verifier)
	n, err = after.FormerlySealed(ctx)
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = secretsOf(before, hook)
	require.Error(t, err, "the old key opens nothing any more")
}

// TestWhatNoKeyOpensIsTold, and the proof of the key does not say that all is done.
func TestWhatNoKeyOpensIsTold(t *testing.T) {
	t.Parallel()
	before := furnished(t)
	hook := sealEverything(t, before)
	exec(t, before, `update webhooks set old_secret = set_byte(old_secret, 2, get_byte(old_secret, 2) # 255)`)
	both := under(t, before, nextKey, testKey)
	done, err := both.Reseal(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"webhooks " + hook + ": old_secret"}, done.Shut)
	require.Equal(t, len(sealedColumns)-1, done.Done)
	require.ErrorIs(t, under(t, before, nextKey).ProveKey(t.Context(), false), ErrKeyChanged)
}

// TestNoSealedColumnIsForgotten: a column of bytes is known to hold nothing sealed, or is in the list.
func TestNoSealedColumnIsForgotten(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	var want []string
	for _, c := range sealedColumns {
		want = append(want, c.table+"."+c.column)
	}
	// Columns of bytes that are no hashes, blobs or raw mails.
	rows, err := s.pool.Query(t.Context(), `select table_name || '.' || column_name from information_schema.columns
		where table_schema = 'public' and data_type = 'bytea'`)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	plain := regexp.MustCompile(`^(hash|digest|data|raw|blob|key|state|content)$`)
	all = slices.DeleteFunc(all, func(c string) bool { return plain.MatchString(c[strings.Index(c, ".")+1:]) })
	require.ElementsMatch(t, want, all, "a new bytea column: is it sealed? Then Reseal must know it")
}

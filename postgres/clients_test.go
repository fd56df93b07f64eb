package postgres

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func ensure(t *testing.T, s *Store, c ticket.Client) string {
	t.Helper()
	var id string
	inTx(t, s, func(ctx context.Context, tx pgx.Tx) (err error) {
		id, err = s.EnsureClient(ctx, tx, c)
		return err
	})
	return id
}

func byMail(t *testing.T, s *Store, address string) (c ticket.Client, err error) {
	t.Helper()
	require.NoError(t, pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
		c, err = s.ClientByMail(t.Context(), tx, address)
		return nil
	}))
	return c, err
}

func TestFolding(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" Yamada@Client.EXAMPLE ": "yamada@client.example", "ÄÖ@x": "äö@x", "A\u0308@x": "ä@x", "ガ@x": "ガ@x", "カ\u3099@x": "ガ@x", "": "",
	} {
		require.Equal(t, want, FoldAddress(in))
	}
	for in, want := range map[string]string{"03-1234-5678": "0312345678", "０３（１２３４）": "031234", "+81 3": "813", "none": ""} {
		require.Equal(t, want, FoldPhone(in))
	}
	require.Equal(t, "k-100", foldNumber("\u3000Ｋ-100 "))
}

func TestClientIDs(t *testing.T) {
	t.Parallel()
	last := ""
	for range 1000 {
		id, err := clientID()
		require.NoError(t, err)
		require.Len(t, id, 28)
		require.True(t, strings.HasPrefix(id, "c_0"))
		require.Empty(t, strings.Trim(id[2:], crockford))
		require.Greater(t, id, last, "ids grow with time")
		last = id
	}
}

func TestClientIsFoundByWhatHeIsKnownBy(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	_, err := byMail(t, s, "yamada@client.example")
	require.Equal(t, ticket.NotFound, code(err))

	yamada := ensure(t, s, ticket.Client{Name: "山田", Email: "Yamada@Client.example", Phone: "03-1234", Access: "portal"})
	c, err := byMail(t, s, "YAMADA@client.EXAMPLE")
	require.NoError(t, err)
	require.Equal(t, ticket.Client{ID: yamada, Name: "山田", Email: "Yamada@Client.example", Phone: "03-1234", Access: "portal"}, c)

	require.Equal(t, yamada, ensure(t, s, ticket.Client{ID: yamada}))
	require.Equal(t, yamada, ensure(t, s, ticket.Client{Email: "yamada@client.example"}))
	require.Equal(t, yamada, ensure(t, s, ticket.Client{Phone: "(03) 12 34"}))
	require.Equal(t, yamada, ensure(t, s, ticket.Client{Email: "yamada@client.example", Number: "K-7"}), "his number becomes known")
	require.Equal(t, yamada, ensure(t, s, ticket.Client{Number: "k-7", Email: "taro@home.example", Name: "Spoilt by a mailer"}))
	require.Equal(t, yamada, ensure(t, s, ticket.Client{Email: "taro@home.example"}))
	c, err = byMail(t, s, "yamada@client.example")
	require.NoError(t, err)
	require.Equal(t, ticket.Client{ID: yamada, Name: "山田", Email: "taro@home.example", Phone: "03-1234", Number: "K-7", Access: "portal"}, c, "the address is the one he wrote from last")

	suzuki := ensure(t, s, ticket.Client{Email: "suzuki@client.example"})
	require.NotEqual(t, yamada, suzuki)
	require.Equal(t, suzuki, ensure(t, s, ticket.Client{ID: suzuki, Name: "鈴木", Email: "yamada@client.example", Phone: "090"}))
	c, err = byMail(t, s, "suzuki@client.example")
	require.NoError(t, err)
	require.Equal(t, ticket.Client{ID: suzuki, Name: "鈴木", Email: "suzuki@client.example", Phone: "090", Access: "none"}, c, "somebody else's address stays with him")
	c, err = byMail(t, s, "yamada@client.example")
	require.NoError(t, err)
	require.Equal(t, yamada, c.ID)

	first, again := ensure(t, s, ticket.Client{Name: "A voice"}), ensure(t, s, ticket.Client{Name: "A voice"})
	require.NotEqual(t, first, again, "a name alone is nobody")
	require.Equal(t, ensure(t, s, ticket.Client{Email: "n\x00ul@client.example", Name: "\xff"}), ensure(t, s, ticket.Client{Email: "nul@client.example"}))

	inTx(t, s, func(ctx context.Context, tx pgx.Tx) error {
		_, err := s.EnsureClient(ctx, tx, ticket.Client{ID: "c_unknown"})
		require.Equal(t, ticket.Invalid, code(err))
		_, err = s.EnsureClient(ctx, tx, ticket.Client{Email: "x@client.example", Access: "all"})
		require.Equal(t, ticket.Invalid, code(err))
		return nil
	})
}

// TestKnownClientIsNotWritten: a mail of somebody known costs one reading.
func TestKnownClientIsNotWritten(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	c := ticket.Client{Name: "Y", Email: "y@client.example", Phone: "1", Number: "2"}
	id := ensure(t, s, c)
	inTx(t, s, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set transaction read only`); err != nil {
			return err
		}
		found, err := s.EnsureClient(ctx, tx, c)
		require.Equal(t, id, found)
		return err
	})
}

// TestTwoMailsOfANewAddressMakeOneClient holds the first transaction open until the second one waits for it.
func TestTwoMailsOfANewAddressMakeOneClient(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	first, err := s.pool.Begin(ctx)
	require.NoError(t, err)
	defer first.Rollback(ctx) //nolint:errcheck // after a commit it does nothing
	mine, err := s.EnsureClient(ctx, first, ticket.Client{Email: "new@client.example", Number: "N-1"})
	require.NoError(t, err)

	theirs := make(chan string)
	var pid uint32
	waiting := make(chan struct{})
	go func() {
		defer close(theirs)
		requireNoError(t, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			pid = tx.Conn().PgConn().PID()
			close(waiting)
			id, err := s.EnsureClient(ctx, tx, ticket.Client{Email: "NEW@client.example", Phone: "555"})
			theirs <- id
			return err
		}))
	}()
	<-waiting
	require.Eventually(t, func() bool {
		var blocked bool
		return s.pool.QueryRow(ctx, `select cardinality(pg_blocking_pids($1)) > 0`, int32(pid)).Scan(&blocked) == nil && blocked
	}, waitLong, waitStep)
	require.NoError(t, first.Commit(ctx))
	require.Equal(t, mine, <-theirs)
	<-theirs
	c, err := byMail(t, s, "new@client.example")
	require.NoError(t, err)
	require.Equal(t, ticket.Client{ID: mine, Email: "new@client.example", Phone: "555", Number: "N-1", Access: "none"}, c)
	requireCount(t, s, 1, `select count(*) from clients where id <> 'c_nobody'`)
}

// TestARolledBackClientIsMadeAnew: the one who waited makes the client where the first one gave up.
func TestARolledBackClientIsMadeAnew(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	first, err := s.pool.Begin(t.Context())
	require.NoError(t, err)
	mine, err := s.EnsureClient(t.Context(), first, ticket.Client{Email: "new@client.example"})
	require.NoError(t, err)
	var theirs string
	failed := make(chan error, 1)
	go func() {
		failed <- pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) (err error) {
			theirs, err = s.EnsureClient(t.Context(), tx, ticket.Client{Email: "new@client.example"})
			return err
		})
	}()
	require.NoError(t, first.Rollback(t.Context()))
	require.NoError(t, <-failed)
	require.NotEqual(t, mine, theirs)
	c, err := byMail(t, s, "new@client.example")
	require.NoError(t, err)
	require.Equal(t, theirs, c.ID)
}

// TestManyMeetAtOnce lets identities overlap in rings, which would be a deadlock if they were laid in the order in
// which they are tried.
func TestManyMeetAtOnce(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	for round := range 10 {
		var all sync.WaitGroup
		var mu sync.Mutex
		ids := map[string]bool{}
		for n := range 8 {
			all.Go(func() {
				c := ticket.Client{Email: fmt.Sprintf("r%d-%d@client.example", round, n%3), Phone: fmt.Sprintf("%d%d", 100+round, (n+1)%3), Number: fmt.Sprintf("r%d-%d", round, (n+2)%3)}
				requireNoError(t, pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
					id, err := s.EnsureClient(t.Context(), tx, c)
					mu.Lock()
					ids[id] = true
					mu.Unlock()
					return err
				}))
			})
		}
		all.Wait()
		require.NotContains(t, ids, "")
		for id := range ids {
			requireCount(t, s, 1, `select count(*) from clients where id = $1`, id)
		}
	}
	requireCount(t, s, 90, `select count(*) from identities`)
	requireCount(t, s, 0, `select count(*) from clients c where not exists (select from identities where client = c.id)`)
}

func requireCount(t *testing.T, s *Store, want int, sql string, args ...any) {
	t.Helper()
	var n int
	require.NoError(t, s.pool.QueryRow(t.Context(), sql, args...).Scan(&n))
	require.Equal(t, want, n)
}

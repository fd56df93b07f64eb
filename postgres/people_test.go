package postgres

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestAgents(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	tanaka := Person{Key: "tanaka", Name: "田中", Email: "Tanaka@Desk.example", Role: ticket.RoleAgent, Language: "ja", Groups: []string{"tier2", "support"}, Desks: []string{"repair"}}
	stored, err := s.AddAgent(ctx, tanaka, "$argon2id$…")
	require.NoError(t, err)
	tanaka.Groups, tanaka.Theme = []string{"support", "tier2"}, "auto"
	require.Equal(t, tanaka, stored)
	read, err := s.Agent(ctx, "tanaka")
	require.NoError(t, err)
	require.Equal(t, tanaka, read)
	var hash *string
	require.NoError(t, s.pool.QueryRow(ctx, `select password_hash from agents where key = 'tanaka'`).Scan(&hash))
	require.Equal(t, "$argon2id$…", *hash)
	require.NoError(t, s.pool.QueryRow(ctx, `select password_hash from agents where key = 'sato'`).Scan(&hash))
	require.Nil(t, hash)

	all, err := s.Agents(ctx)
	require.NoError(t, err)
	keys := []string{}
	for _, p := range all {
		keys = append(keys, p.Key)
	}
	require.Equal(t, []string{"admin", "lead", "sato", "tanaka"}, keys)
	require.Equal(t, []string{"support"}, all[0].Groups, "the admin joined the first desk's group")

	for field, wrong := range map[string]struct {
		p    Person
		code ticket.Code
	}{
		"/key":      {Person{Key: "sato", Email: "s2@desk.example", Role: ticket.RoleAgent}, ticket.Conflict},
		"/email":    {Person{Key: "s2", Email: "SATO@desk.example", Role: ticket.RoleAgent}, ticket.Conflict},
		"/groups/1": {Person{Key: "s3", Email: "s3@desk.example", Role: ticket.RoleAgent, Groups: []string{"support", "nowhere"}}, ticket.Invalid},
		"/desks/0":  {Person{Key: "s4", Email: "s4@desk.example", Role: ticket.RoleAgent, Desks: []string{"\x00"}}, ticket.Invalid},
		"/role":     {Person{Key: "s5", Email: "s5@desk.example"}, ticket.Invalid},
	} {
		_, err := s.AddAgent(ctx, wrong.p, "")
		var e *ticket.Error
		require.ErrorAs(t, err, &e, field)
		require.Equal(t, field, e.Field)
		require.Equal(t, wrong.code, e.Code)
		if wrong.p.Key != "sato" {
			_, err = s.Agent(ctx, wrong.p.Key)
			require.Equal(t, ticket.NotFound, code(err), "a refused agent leaves no trace")
		}
	}
	_, err = s.AddAgent(ctx, Person{Key: "Sato San", Email: "x@desk.example", Role: ticket.RoleAgent}, "")
	require.Equal(t, ticket.Invalid, code(err))
	for _, key := range []string{"", "\x00", "\xff", "nobody"} {
		_, err = s.Agent(ctx, key)
		require.Equal(t, ticket.NotFound, code(err))
	}
}

func TestEnsureAdminTwice(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx := t.Context()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { requireNoError(t, s.EnsureAdmin(ctx, "admin", "Admin", "admin@desk.example")) })
	}
	all.Wait()
	require.NoError(t, s.EnsureAdmin(ctx, "admin", "Another name", "another@desk.example"))
	p, err := s.Agent(ctx, "admin")
	require.NoError(t, err)
	require.Equal(t, Person{Key: "admin", Name: "Admin", Email: "admin@desk.example", Role: ticket.RoleAdmin, Language: "en", Groups: []string{}, Desks: []string{}, Theme: "auto"}, p)
	require.Equal(t, ticket.Conflict, code(s.EnsureAdmin(ctx, "root", "Root", "ADMIN@desk.example")))
	require.Equal(t, ticket.Invalid, code(s.EnsureAdmin(ctx, "", "Root", "root@desk.example")))
}

// requireNoError is require.NoError for goroutines that are not the test's own.
func requireNoError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	hash := func(secret string) []byte { h := sha256.Sum256([]byte(secret)); return h[:] }
	until := noon.Add(time.Hour)
	made, err := s.AddToken(ctx, Token{Agent: "sato", Scopes: []string{"tickets:read", "tickets:act"}, ExpiresAt: &until}, hash("one"))
	require.NoError(t, err)
	require.NoError(t, uuid.Validate(made.ID))
	require.Equal(t, []string{"tickets:read", "tickets:act"}, made.Scopes)
	require.Equal(t, until, *made.ExpiresAt)
	require.WithinDuration(t, time.Now(), made.CreatedAt, time.Minute)
	require.Nil(t, made.LastUsed)
	forever, err := s.AddToken(ctx, Token{ID: uuid.NewString(), Agent: "lead", CreatedAt: noon}, hash("two"))
	require.NoError(t, err)
	require.Equal(t, noon, forever.CreatedAt)

	who, used, err := s.ByToken(ctx, hash("one"), noon)
	require.NoError(t, err)
	require.Equal(t, "sato", who.Person.Key)
	require.Equal(t, ticket.RoleAgent, who.Person.Role)
	require.Equal(t, []string{"support"}, who.Person.Desks)
	require.Equal(t, noon, *used.LastUsed)
	_, used, err = s.ByToken(ctx, hash("one"), noon.Add(59*time.Second))
	require.NoError(t, err)
	require.Equal(t, noon, *used.LastUsed, "noted at most once a minute")
	_, used, err = s.ByToken(ctx, hash("one"), noon.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, noon.Add(time.Minute), *used.LastUsed)

	_, _, err = s.ByToken(ctx, hash("one"), until)
	require.Equal(t, ticket.NotFound, code(err), "expired")
	_, _, err = s.ByToken(ctx, hash("three"), noon)
	require.Equal(t, ticket.NotFound, code(err))
	_, _, err = s.ByToken(ctx, hash("two"), noon.Add(100*365*24*time.Hour))
	require.NoError(t, err, "without an end")

	of, err := s.Tokens(ctx, "sato")
	require.NoError(t, err)
	require.Len(t, of, 1)
	require.Equal(t, noon.Add(time.Minute), *of[0].LastUsed)
	all, err := s.Tokens(ctx, "")
	require.NoError(t, err)
	require.Len(t, all, 2)

	_, err = s.AddToken(ctx, Token{Agent: "nobody"}, hash("four"))
	require.Equal(t, ticket.Invalid, code(err))
	_, err = s.AddToken(ctx, Token{Agent: "sato"}, hash("one"))
	require.Equal(t, ticket.Conflict, code(err))

	require.NoError(t, s.DropToken(ctx, made.ID))
	_, _, err = s.ByToken(ctx, hash("one"), noon)
	require.Equal(t, ticket.NotFound, code(err))
	for _, id := range []string{made.ID, "x", ""} {
		require.Equal(t, ticket.NotFound, code(s.DropToken(ctx, id)))
	}
}

// TestNotingAUseNeverWaits uses a token whose row somebody else has locked.
func TestNotingAUseNeverWaits(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	var told strings.Builder
	s.log = slog.New(slog.NewTextHandler(&told, nil))
	_, err := s.AddToken(t.Context(), Token{Agent: "sato"}, []byte("hash"))
	require.NoError(t, err)
	inTx(t, s, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select from tokens for update`); err != nil {
			return err
		}
		_, _, err := s.ByToken(ctx, []byte("hash"), noon)
		return err
	})
	exec(t, s, `alter table tokens add constraint never_noted check (last_used is null)`)
	who, _, err := s.ByToken(t.Context(), []byte("hash"), noon)
	require.NoError(t, err, "a note that fails refuses nobody")
	require.Equal(t, "sato", who.Person.Key)
	require.Contains(t, told.String(), "not noted")
}

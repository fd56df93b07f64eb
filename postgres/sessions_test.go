package postgres

import (
	"crypto/sha256"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func sum(text string) []byte { h := sha256.Sum256([]byte(text)); return h[:] }

func TestSessions(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	idle := func(now time.Time) time.Time { return now.Add(-12 * time.Hour) }
	begin := func(key, token string) Session {
		x, err := s.AddSession(ctx, Session{ID: uuid.NewString(), Agent: key, State: "active", Via: "password", Address: "192.0.2.1", Browser: "Fire\x00fox", CreatedAt: noon, ExpiresAt: noon.Add(24 * time.Hour)}, sum(token), "")
		require.NoError(t, err)
		return x
	}
	one, two, other := begin("sato", "one"), begin("sato", "two"), begin("lead", "other")
	require.Equal(t, "Firefox", one.Browser)
	require.Equal(t, noon, one.LastUsed)

	who, x, err := s.BySession(ctx, sum("one"), noon, idle(noon))
	require.NoError(t, err)
	require.Equal(t, one, x)
	require.Equal(t, "sato", who.Person.Key)
	require.Equal(t, ticket.RoleAgent, who.Person.Role)
	require.Equal(t, []string{"support"}, who.Person.Desks)
	later := noon.Add(11 * time.Hour)
	_, _, err = s.BySession(ctx, sum("one"), later, idle(later))
	require.NoError(t, err)
	later = noon.Add(13 * time.Hour)
	_, _, err = s.BySession(ctx, sum("one"), later, idle(later))
	require.NoError(t, err, "its use was noted")
	_, _, err = s.BySession(ctx, sum("two"), later, idle(later))
	require.Equal(t, ticket.NotFound, code(err), "unused for too long")
	_, _, err = s.BySession(ctx, sum("one"), noon.Add(24*time.Hour), noon)
	require.Equal(t, ticket.NotFound, code(err), "it ends whatever is done")

	list, err := s.Sessions(ctx, "sato", noon, idle(noon))
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, one.ID, list[0].ID, "the last used first")
	read, err := s.Session(ctx, two.ID)
	require.NoError(t, err)
	require.Equal(t, two, read)
	require.NoError(t, s.DropSessions(ctx, "sato", two.ID))
	_, err = s.Session(ctx, one.ID)
	require.Equal(t, ticket.NotFound, code(err))
	require.NoError(t, s.DropSession(ctx, two.ID))
	require.NoError(t, s.DropSession(ctx, two.ID))
	list, err = s.Sessions(ctx, "sato", noon, idle(noon))
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = s.Session(ctx, other.ID)
	require.NoError(t, err)

	exec(t, s, `update agents set disabled_at = now() where key = 'lead'`)
	_, _, err = s.BySession(ctx, sum("other"), noon, idle(noon))
	require.Equal(t, ticket.NotFound, code(err), "who was shut out is out at once")
	_, err = s.Credentials(ctx, "lead")
	require.Equal(t, ticket.NotFound, code(err))

	exec(t, s, `insert into clients (id, name, access) values ('c_1', 'Yamada', 'portal'), ('c_2', 'Kato', 'none')`)
	for id, want := range map[string]ticket.Code{"c_1": "", "c_2": ticket.NotFound} {
		_, err := s.AddSession(ctx, Session{ID: uuid.NewString(), Client: id, State: "active", Via: "link", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}, sum(id), "")
		require.NoError(t, err)
		who, _, err := s.BySession(ctx, sum(id), noon, idle(noon))
		require.Equal(t, want, code(err))
		if err == nil {
			require.Equal(t, ticket.Client{ID: "c_1", Name: "Yamada", Access: "portal"}, who.Client)
			require.Empty(t, who.Person.Key)
			require.Equal(t, ticket.NoRole, who.Person.Role)
		}
		_, err = s.AddToken(ctx, Token{Client: id}, sum("token of "+id))
		require.NoError(t, err)
		who, tok, err := s.ByToken(ctx, sum("token of "+id), noon)
		require.Equal(t, want, code(err))
		if err == nil {
			require.Equal(t, "c_1", who.Client.ID)
			require.Equal(t, "c_1", tok.Client)
		}
	}
	_, err = s.AddToken(ctx, Token{Client: "c_9"}, sum("x"))
	require.Equal(t, ticket.Invalid, code(err))
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	require.NoError(t, s.FirstPassword(ctx, "sato", "first"))
	require.NoError(t, s.FirstPassword(ctx, "sato", "second"))
	for _, login := range []string{"sato", "sato@desk.example", "SATO@desk.example"} {
		c, err := s.Credentials(ctx, login)
		require.NoError(t, err)
		require.Equal(t, Credentials{Agent: "sato", Password: "first"}, c)
	}
	for _, login := range []string{"", "ghost", "SATO", "\x00"} {
		_, err := s.Credentials(ctx, login)
		require.Equal(t, ticket.NotFound, code(err), login)
	}
	require.NoError(t, s.SetPassword(ctx, "sato", "third"))
	c, err := s.Credentials(ctx, "sato")
	require.NoError(t, err)
	require.Equal(t, "third", c.Password)
	require.Equal(t, ticket.NotFound, code(s.SetPassword(ctx, "ghost", "x")))
}

func TestFailuresSlowDownAndLockNobodyOut(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	both := Brake{Key: sum("both"), Free: 3, Step: time.Second, Most: 30 * time.Second, Queued: true}
	account := Brake{Key: sum("account"), Free: 10, Step: time.Second, Most: 2 * time.Second}
	try := func(now time.Time) time.Duration {
		wait, err := s.Attempt(ctx, []Brake{both, account}, now, 10*time.Second)
		require.NoError(t, err)
		return wait
	}
	fail := func(now time.Time) {
		require.NoError(t, s.AttemptEnded(ctx, [][]byte{both.Key, account.Key}, false, now))
	}
	now := noon
	for _, want := range []time.Duration{0, 0, 0, 1, 2, 4, 8} {
		wait := try(now)
		require.Equal(t, want*time.Second, wait)
		now = now.Add(wait)
		fail(now)
	}
	require.Equal(t, 16*time.Second, try(now), "no place: come again")
	require.Equal(t, 6*time.Second, try(now.Add(10*time.Second)), "to come early costs nothing")
	require.Equal(t, 16*time.Second, try(now.Add(16*time.Second)), "the place before is taken")

	// The owner from elsewhere: only the account counts, and he waits 2 s at most.
	for range 30 {
		fail(now)
	}
	wait, err := s.Attempt(ctx, []Brake{{Key: sum("elsewhere"), Free: 3, Step: time.Second, Most: 30 * time.Second, Queued: true}, account}, now, 10*time.Second)
	require.NoError(t, err)
	require.Equal(t, 2*time.Second, wait)
	// A success forgets.
	require.NoError(t, s.AttemptEnded(ctx, [][]byte{both.Key, account.Key}, true, now))
	require.Zero(t, try(now))
	for range 5 {
		fail(now)
	}
	require.NotZero(t, try(now))
	require.Zero(t, try(now.Add(2*time.Hour)), "so does an hour of quiet")
	exec(t, s, `update login_attempts set last_at = last_at - interval '2 days'`)
	fail(now)
	require.NoError(t, s.AttemptEnded(ctx, [][]byte{sum("new")}, false, now))
	var left int
	require.NoError(t, s.pool.QueryRow(ctx, `select count(*) from login_attempts`).Scan(&left))
	require.Equal(t, 3, left, "what was quiet for days is swept out")
}

// TestManyTriesAtOnceStandInARow: a hundred at once are not faster than one by one.
func TestManyTriesAtOnceStandInARow(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	row := Brake{Key: sum("row"), Free: 1, Step: time.Second, Most: time.Second, Queued: true}
	require.NoError(t, s.AttemptEnded(ctx, [][]byte{row.Key}, false, noon))
	var mu sync.Mutex
	var all sync.WaitGroup
	places := map[time.Duration]int{}
	for range 100 {
		all.Go(func() {
			wait, err := s.Attempt(ctx, []Brake{row, {Key: sum("other")}}, noon, 10*time.Second)
			requireNoError(t, err)
			mu.Lock()
			defer mu.Unlock()
			places[wait]++
		})
	}
	all.Wait()
	for n := range 10 {
		require.Equal(t, 1, places[time.Duration(n+1)*time.Second], places)
	}
	require.Equal(t, 90, places[11*time.Second], "no place for the rest")
}

func TestTheAuditLogIsOnlyAppendedTo(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	for _, e := range []ticket.AuditEntry{
		{Actor: "agent:sato", Action: "session.begun", Subject: "agent:sato", Address: "192.0.2.1", Detail: map[string]any{"via": "password"}},
		{Actor: "nobody", Action: "session.refused", Subject: "sato"},
		{Actor: "agent:admin", Action: "token.made", Subject: "sato"},
	} {
		require.NoError(t, s.NoteAudit(ctx, e))
	}
	all, err := s.Audit(ctx, ticket.AuditQuery{Limit: 10})
	require.NoError(t, err)
	require.Len(t, all, 3)
	require.Equal(t, "token.made", all[0].Action, "newest first")
	require.Equal(t, map[string]any{"via": "password"}, all[2].Detail)
	require.WithinDuration(t, time.Now(), all[0].At, time.Minute)
	for _, q := range []ticket.AuditQuery{{Actor: "nobody"}, {Action: "session.refused"}, {Before: all[0].ID, Limit: 1}} {
		q.Limit = max(q.Limit, 10)
		some, err := s.Audit(ctx, q)
		require.NoError(t, err)
		require.Equal(t, "session.refused", some[0].Action)
	}
	for _, sql := range []string{`update audit set actor = 'x'`, `delete from audit`, `truncate audit`} {
		_, err := s.pool.Exec(ctx, sql)
		require.ErrorContains(t, err, "only ever appended")
	}
}

func TestAnotherRoleEndsTheSessions(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	p, err := s.Agent(ctx, "sato")
	require.NoError(t, err)
	left := func() int {
		list, err := s.Sessions(ctx, "sato", noon, noon.Add(-time.Hour))
		require.NoError(t, err)
		return len(list)
	}
	begin := func() {
		_, err := s.AddSession(ctx, Session{ID: uuid.NewString(), Agent: "sato", State: "active", Via: "password", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}, sum(time.Now().String()), "")
		require.NoError(t, err)
		require.Equal(t, 1, left())
	}
	begin()
	p.Zone = "Asia/Tokyo"
	p, err = s.ChangeAgent(ctx, p)
	require.NoError(t, err)
	require.Equal(t, "Asia/Tokyo", p.Zone)
	require.Equal(t, 1, left())
	p.Role = ticket.RoleLead
	_, err = s.ChangeAgent(ctx, p)
	require.NoError(t, err)
	require.Zero(t, left())
	begin()
	p.Disabled = &noon
	_, err = s.ChangeAgent(ctx, p)
	require.NoError(t, err)
	require.Zero(t, left())
}

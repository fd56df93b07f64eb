package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/postgres/cluster/pgtest"
	"duradesk/ticket"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const testKey = "a secret key that is only for tests"

// fresh is a store on a migrated database of its own.
func fresh(t testing.TB) *Store {
	t.Helper()
	sealer, err := NewSealer(testKey)
	require.NoError(t, err)
	s, err := Open(t.Context(), Config{URL: pgtest.DatabaseFrom(t, "migrated", Migrate), MaxConns: 8, AppName: "test", Sealer: sealer})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// furnished is a fresh store with a desk support (group support), a desk repair, and the agents admin, lead (support)
// and sato (support).
func furnished(t testing.TB) *Store {
	t.Helper()
	s := fresh(t)
	ctx := t.Context()
	require.NoError(t, s.EnsureAdmin(ctx, "admin", "Admin", "admin@desk.example"))
	require.NoError(t, s.EnsureFirstDesk(ctx, FirstDesk{
		Key: "support", Name: "Support", Address: "support@desk.example", Group: "support",
		IMAPAddr: "127.0.0.1:1143", SMTPAddr: "127.0.0.1:1025", Username: "support@desk.example", Password: "demo", FromStart: true, Subaddress: true,
	}))
	_, err := s.AddGroup(ctx, Group{Key: "tier2", Name: "Second line"})
	require.NoError(t, err)
	_, err = s.AddDesk(ctx, Desk{Key: "repair", Name: "Repair", Kind: "issue", Address: "repair@desk.example", Groups: []string{"tier2"}})
	require.NoError(t, err)
	for key, role := range map[string]ticket.Role{"lead": ticket.RoleLead, "sato": ticket.RoleAgent} {
		_, err = s.AddAgent(ctx, Person{Key: key, Name: key, Email: key + "@desk.example", Role: role, Groups: []string{"support"}, Desks: []string{"support"}}, "")
		require.NoError(t, err)
	}
	return s
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// laid is a ticket laid straight into the table, whatever the process would say to it. Zero fields get something
// ordinary.
type laid struct {
	number   ticket.Number
	desk     string
	title    string
	state    ticket.State
	category ticket.Category
	owner    string
	group    string
	priority ticket.Priority
	channel  ticket.Channel
	client   string
	kind     string
	language string
	tags     []string
	created  time.Time
	updated  time.Time
	nextDue  *time.Time
	due      *time.Time
	breached bool
	failed   bool
	spoke    bool
}

func lay(t testing.TB, s *Store, all ...laid) {
	t.Helper()
	batch := &pgx.Batch{}
	for _, l := range all {
		l = l.ordinary()
		process, err := json.Marshal(ticket.Process{
			Number: l.number, Ticket: uuid.NewString(), Desk: l.desk, State: l.state, Category: l.category, Owner: l.owner, Group: l.group, Tier: 1,
			Priority: l.priority, Channel: l.channel, Revision: 1, Seq: 1, Policy: 1,
		})
		require.NoError(t, err)
		if l.client == "" {
			l.client = "c_nobody"
			batch.Queue(`insert into clients (id, name) values ('c_nobody', 'Nobody') on conflict do nothing`)
		}
		batch.Queue(`
			insert into tickets (number, id, desk, title, client, channel, language, type, tags, last_at, process, revision, state, category, owner, group_key,
				priority, breached, failed, next_due_at, due_at, created_at, updated_at, client_spoke_last, reply_token)
			values ($1, gen_random_uuid(), $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $12, nullif($13, ''), nullif($14, ''),
				$15, $16, $17, $18, $19, $20, $9, $21, $22)`,
			l.number, l.desk, l.title, l.client, l.channel.String(), l.language, l.kind, l.tags, l.updated, process, l.state.String(), l.category.String(), l.owner, l.group,
			int16(l.priority), l.breached, l.failed, l.nextDue, l.due, l.created, l.spoke, fmt.Sprint("reply", l.number))
	}
	require.NoError(t, s.pool.SendBatch(t.Context(), batch).Close())
}

func (l laid) ordinary() laid {
	if l.desk == "" {
		l.desk = "support"
	}
	if l.title == "" {
		l.title = fmt.Sprint("Ticket ", l.number)
	}
	if l.state == ticket.NoState {
		l.state = ticket.New
	}
	if l.priority == ticket.NoPriority {
		l.priority = ticket.Normal
	}
	if l.channel == ticket.NoChannel {
		l.channel = ticket.ChannelMail
	}
	if l.kind == "" {
		l.kind = "question"
	}
	if l.language == "" {
		l.language = "en"
	}
	if l.tags == nil {
		l.tags = []string{}
	}
	if l.created.IsZero() {
		l.created = noon.Add(time.Duration(l.number) * time.Second)
	}
	if l.updated.IsZero() {
		l.updated = l.created
	}
	return l
}

// said lays a message of a ticket and its line in the timeline.
func said(t testing.TB, s *Store, n ticket.Number, line int64, by ticket.By, note bool, body string) (message string) {
	t.Helper()
	message = uuid.Must(uuid.NewV7()).String()
	kind := "message"
	if note {
		kind = "note"
	}
	exec(t, s, `insert into messages (id, ticket, note, by_kind, by_id, by_name, body, body_format, at, applied) values ($1, $2, $3, $4, $5, $6, $7, 'text', $8, true)`,
		message, n, note, by.Kind.String(), by.ID, by.Name, body, noon)
	exec(t, s, `insert into events (ticket, revision, n, seq, at, type, name, by_kind, by_id, by_name, command_id, message) values ($1, $2, $2, $2, $3, $4, 'said', $5, $6, $7, $8, $9)`,
		n, line, noon.Add(time.Duration(line)*time.Second), kind, by.Kind.String(), by.ID, by.Name, fmt.Sprint("cmd", line), message)
	return message
}

// cut gives words to what tests have laid straight into the tables.
func cut(t testing.TB, s *Store) {
	t.Helper()
	exec(t, s, `delete from facts where name like 'words%'`)
	conn, err := pgx.Connect(t.Context(), s.pool.Config().ConnString())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	require.NoError(t, fillWords(t.Context(), conn, func(string, int) {}))
}

func exec(t testing.TB, s *Store, sql string, args ...any) {
	t.Helper()
	_, err := s.pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

func inTx(t testing.TB, s *Store, fn func(ctx context.Context, tx pgx.Tx) error) {
	t.Helper()
	require.NoError(t, pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error { return fn(t.Context(), tx) }))
}

func code(err error) ticket.Code { return ticket.CodeOf(err) }

// How long to wait for what another goroutine or process is about to do, and how often to look.
const (
	waitLong = 20 * time.Second
	waitStep = 5 * time.Millisecond
)

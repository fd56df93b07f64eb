package postgres

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/postgres/cluster/pgtest"
)

// lastMeasured is the last migration that was written before anybody measured: docs/operators.md tells how long those
// before it hold writers up. Later ones must not.
const lastMeasured = 11

// TestWritersGoOnWhileTheSchemaIsMigrated writes to a desk all the time while it is brought from an early schema to the
// latest. No write may fail. How long the longest waited is told for each step; with DURADESK_SOAK it is measured at
// 100,000 tickets, and then no migration behind lastMeasured may hold a writer up for a second.
func TestWritersGoOnWhileTheSchemaIsMigrated(t *testing.T) {
	t.Parallel()
	const from = 4
	tickets := 300
	if os.Getenv("DURADESK_SOAK") != "" {
		tickets = 100_000
	}
	ctx, url := t.Context(), pgtest.Database(t)
	conn, err := pgx.Connect(ctx, url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	m, err := migrator(ctx, conn)
	require.NoError(t, err)
	require.NoError(t, m.MigrateTo(ctx, from))
	layEarlyDesk(t, conn, tickets)

	w := &writers{t: t, url: url, tickets: tickets}
	stop := w.start(2)
	w.wrote(10)
	late := []string{}
	step := func(name string, change func() error) time.Duration {
		w.longest.Store(0)
		began := time.Now()
		require.NoError(t, change(), name)
		took := time.Since(began)
		w.wrote(2) // who was held up has come through
		longest := time.Duration(w.longest.Load())
		t.Logf("%-22s took %8s, longest write %8s", name, took.Round(time.Millisecond), longest.Round(time.Millisecond))
		return longest
	}
	for n := from; n < len(m.Migrations); n++ {
		longest := step(m.Migrations[n].Name, func() error { return stepPatiently(ctx, conn, m, int32(n+1)) })
		if n+1 > lastMeasured && tickets >= 100_000 && longest > time.Second {
			late = append(late, m.Migrations[n].Name)
		}
	}
	step("words", func() error { return fillWords(ctx, conn, func(string, int) {}) })
	stop()
	t.Logf("%d tickets, %d writes, %d of them after a deadlock", tickets, w.done.Load(), w.deadlocks.Load())
	require.Empty(t, late, "these hold writers up: make them in steps that do not (docs/operators.md)")

	require.NoError(t, Migrate(ctx, url))
	var commands int64
	require.NoError(t, conn.QueryRow(ctx, `select count(*) from commands where by_id = 'writer'`).Scan(&commands))
	require.Equal(t, w.done.Load(), commands, "every write that was answered is there")
}

// layEarlyDesk fills the first schema: three messages, commands and events for each ticket.
func layEarlyDesk(t *testing.T, conn *pgx.Conn, tickets int) {
	t.Helper()
	for _, sql := range []string{
		`insert into desks (key, name, kind, address, policy) values ('support', 'Support', 'inquiry', 'support@desk.example', 1)`,
		`insert into clients (id, name, email) select 'c_' || n, 'Client ' || n, 'client' || n || '@client.example' from generate_series(1, 1 + $1 / 10) n`,
		`insert into tickets (number, id, desk, title, client, channel, last_at, process, state, created_at, updated_at, reply_token, seq, client_spoke_last, next_due_at)
			select 1000 + n, gen_random_uuid(), 'support', 'Printer ' || n || ' 動きません', 'c_' || (1 + n / 10), 'mail', now(), '{"state": "open"}',
				case when n % 10 = 0 then 'open' else 'closed' end, now() - n * interval '1 minute', now() - n * interval '1 minute', 'r' || n, 3, n % 3 = 0, case when n % 10 = 0 then now() + interval '1 day' end
			from generate_series(1, $1) n`,
		`insert into messages (id, ticket, by_kind, by_id, by_name, body, at, applied)
			select gen_random_uuid(), 1000 + n, case when k = 2 then 'agent' else 'client' end, 'x', 'X', repeat('The printer does not print. 印刷できません。', 5), now() - n * interval '1 minute' + k * interval '1 second', true
			from generate_series(1, $1) n, generate_series(1, 3) k`,
		`insert into commands (ticket, seq, id, actor, by_kind, by_id, name, at, outcome)
			select 1000 + n, k, 'c-' || n || '-' || k, 'agent:x', 'agent', 'x', 'note', now(), 'applied' from generate_series(1, $1) n, generate_series(1, 3) k`,
		`insert into events (ticket, revision, n, seq, at, type, name, by_kind)
			select 1000 + n, k, k, k, now(), 'note', 'note', 'agent' from generate_series(1, $1) n, generate_series(1, 3) k`,
	} {
		var err error
		if strings.Contains(sql, "$1") {
			_, err = conn.Exec(t.Context(), strings.ReplaceAll(sql, "$1", fmt.Sprint(tickets)))
		} else {
			_, err = conn.Exec(t.Context(), sql)
		}
		require.NoError(t, err, sql)
	}
	_, err := conn.Exec(t.Context(), `analyze`)
	require.NoError(t, err)
}

// writers store commands as every door does: the ticket's row is locked, the command gets the next seq.
type writers struct {
	t       *testing.T
	url     string
	tickets int
	done    atomic.Int64
	// deadlocks are those in which Postgres had a write give way, not the migration.
	deadlocks atomic.Int64
	longest   atomic.Int64 // of the writes that have ended since it was last set to 0
}

// writeEvery is how long after a write each writer begins his next: a desk that stores hundreds of commands a second, and not
// all that the machine can. Where there is no pause at all between two writes, a migration that needs several tables goes
// through with its longest wait only, which comes once in a minute.
const writeEvery = 5 * time.Millisecond

// start lets so many write until stop is called, which waits for them.
func (w *writers) start(n int) (stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	var all sync.WaitGroup
	for i := range n {
		conn, err := pgx.Connect(w.t.Context(), w.url)
		require.NoError(w.t, err)
		all.Go(func() {
			defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
			turns := time.NewTicker(writeEvery)
			defer turns.Stop()
			for k := i; ctx.Err() == nil; k += n {
				<-turns.C
				began := time.Now()
				err := w.write(context.WithoutCancel(ctx), conn, k)
				for sqlState(err) == "40P01" { // of infrastructure, and tried again as everywhere in the desk
					w.deadlocks.Add(1)
					err = w.write(context.WithoutCancel(ctx), conn, k)
				}
				requireNoError(w.t, err)
				w.done.Add(1)
				for took := int64(time.Since(began)); ; {
					old := w.longest.Load()
					if took <= old || w.longest.CompareAndSwap(old, took) {
						break
					}
				}
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

func (w *writers) write(ctx context.Context, conn *pgx.Conn, k int) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		number := 1001 + (k*7919)%w.tickets
		var seq int64
		if err := tx.QueryRow(ctx, `select seq + 1 from tickets where number = $1 for no key update`, number).Scan(&seq); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into commands (ticket, seq, id, actor, by_kind, by_id, name, at) values ($1, $2, $3, 'agent:writer', 'agent', 'writer', 'note', clock_timestamp())`,
			number, seq, fmt.Sprint("w-", k))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update tickets set seq = $2, last_at = clock_timestamp(), updated_at = clock_timestamp() where number = $1`, number, seq)
		return err
	})
}

// wrote waits for so many more writes.
func (w *writers) wrote(n int64) {
	w.t.Helper()
	until := w.done.Load() + n
	require.Eventually(w.t, func() bool { return w.done.Load() >= until || w.t.Failed() }, time.Minute, waitStep)
}

// TestMigrateLetsWritersPass: where a table is in use for long (a dump reads it), the migration steps back each second
// instead of having every writer queue up behind it.
func TestMigrateLetsWritersPass(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.Database(t)
	conn, err := pgx.Connect(ctx, url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	m, err := migrator(ctx, conn)
	require.NoError(t, err)
	require.NoError(t, m.MigrateTo(ctx, 1))
	layEarlyDesk(t, conn, 10)

	reader, err := pgx.Connect(ctx, url)
	require.NoError(t, err)
	defer func() { _ = reader.Close(context.WithoutCancel(ctx)) }()
	dump, err := reader.Begin(ctx)
	require.NoError(t, err)
	_, err = dump.Exec(ctx, `select count(*) from tickets`)
	require.NoError(t, err)

	ended := make(chan error, 1)
	go func() { ended <- Migrate(ctx, url) }()
	require.Eventually(t, func() bool {
		var waits bool
		requireNoError(t, conn.QueryRow(ctx, `select exists (select from pg_locks l join pg_database d on d.oid = l.database
			where d.datname = current_database() and not l.granted and l.mode = 'AccessExclusiveLock')`).Scan(&waits))
		return waits
	}, waitLong, waitStep, "the migration stands in the queue")
	w := &writers{t: t, url: url, tickets: 10}
	stop := w.start(1)
	w.wrote(50) // while the dump goes on
	stop()
	require.Empty(t, ended, "it waits for the dump")
	require.NoError(t, dump.Rollback(ctx))
	require.NoError(t, <-ended)
}

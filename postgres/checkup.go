package postgres

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Checkup is how the record stands, for whoever looks after it (`duradesk doctor`).
type Checkup struct {
	Now        time.Time     // the database's clock
	Unapplied  int           // commands
	OldestWait time.Duration // of the oldest of them
	Lost       int           // tickets whose timer should have rung a minute ago and more
	LostTicket int64         // one of them
	LostSince  time.Duration // since the one that is lost longest
	Lateness   time.Duration // the worst of the timers that rang in the last hour
	Uncertain  int           // mails of which nobody knows whether they arrived
	Failed     int           // mails given up within the last week
	Overdue    int           // mails not sent for 4 h and more
	Quarantine int           // mails that could not be read
	Mailboxes  []MailboxCheckup
	DataDir    string // of the server, where we may know it
}

// MailboxCheckup is how one mailbox stands.
type MailboxCheckup struct {
	ID, Address, State, Error, Alert string
	Refused                          int // logins in a row
	SeenAgo                          time.Duration
	Seen                             bool // ever
	Resting                          bool // sending waits: the account is in trouble
}

// lostAfter is how long after its instant a timer counts as lost: the sweeper looks each minute (HOUSE).
const lostAfter = time.Minute

// Checkup looks at everything at once. It changes nothing.
func (s *Store) Checkup(ctx context.Context) (Checkup, error) {
	var c Checkup
	var wait, lost, late float64
	b := &pgx.Batch{}
	b.Queue(`select clock_timestamp()`).QueryRow(func(r pgx.Row) error { return r.Scan(&c.Now) })
	b.Queue(`select count(*), coalesce(extract(epoch from clock_timestamp() - min(at)), 0) from commands where outcome = 'pending'`).
		QueryRow(func(r pgx.Row) error { return r.Scan(&c.Unapplied, &wait) })
	b.Queue(`select count(*), coalesce((array_agg(number order by next_due_at))[1], 0), coalesce(extract(epoch from clock_timestamp() - min(next_due_at)), 0)
		from tickets where next_due_at < clock_timestamp() - $1::interval and state not in ('deleted', 'merged')`, lostAfter).
		QueryRow(func(r pgx.Row) error { return r.Scan(&c.Lost, &c.LostTicket, &lost) })
	b.Queue(`select coalesce(max(extract(epoch from applied_at - at)), 0) from commands
		where actor = 'system:system' and id like 'timer:%' and applied_at > clock_timestamp() - interval '1 hour'`).
		QueryRow(func(r pgx.Row) error { return r.Scan(&late) })
	b.Queue(`select count(*) filter (where state = 'uncertain'), count(*) filter (where state = 'failed' and finished_at > clock_timestamp() - interval '7 days'),
		count(*) filter (where finished_at is null and created_at < clock_timestamp() - interval '4 hours') from deliveries`).
		QueryRow(func(r pgx.Row) error { return r.Scan(&c.Uncertain, &c.Failed, &c.Overdue) })
	b.Queue(`select count(*) from ledger where fate = 'quarantined'`).QueryRow(func(r pgx.Row) error { return r.Scan(&c.Quarantine) })
	b.Queue(`select id::text, address, state, coalesce(last_error, ''), coalesce(alert, ''), troubles, coalesce(extract(epoch from clock_timestamp() - last_seen_at), 0), last_seen_at is not null,
		coalesce(resting_until > clock_timestamp(), false) from mailboxes where enabled order by address`).Query(func(rows pgx.Rows) (err error) {
		c.Mailboxes, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (m MailboxCheckup, err error) {
			var ago float64
			err = r.Scan(&m.ID, &m.Address, &m.State, &m.Error, &m.Alert, &m.Refused, &ago, &m.Seen, &m.Resting)
			m.SeenAgo = seconds(ago)
			return m, err
		})
		return err
	})
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return c, fmt.Errorf("look at the record: %w", err)
	}
	c.OldestWait, c.LostSince, c.Lateness = seconds(wait), seconds(lost), seconds(late)
	// Not everybody may know it; then its disk is not ours to look at.
	_ = s.pool.QueryRow(ctx, `select setting from pg_settings where name = 'data_directory'`).Scan(&c.DataDir)
	return c, nil
}

const (
	probeFact = "secret_probe"
	probeText = "duradesk"
)

// ErrKeyChanged says that the secrets in the database were sealed with another secret key than this one.
var ErrKeyChanged = errors.New("the secret key is another one than that with which the secrets in the database were sealed")

// ProveKey compares the secret key with the one that the database has known from the start: a value sealed with it. The
// first to ask seals it, where seal is set.
func (s *Store) ProveKey(ctx context.Context, seal bool) error {
	known, err := s.keyProof(ctx)
	if err != nil || known == nil && !seal {
		return err
	}
	if known == nil {
		sealed, err := s.sealer.Seal([]byte(probeText), probeFact)
		if err != nil {
			return err
		}
		_, err = s.pool.Exec(ctx, `insert into facts values ($1, $2) on conflict do nothing`, probeFact, fmt.Sprintf("%x", sealed))
		if err != nil {
			return fmt.Errorf("keep a proof of the secret key: %w", err)
		}
		return nil
	}
	if plain, err := s.sealer.Open(known, probeFact); err != nil || string(plain) != probeText {
		return fmt.Errorf("%w: set DURADESK_SECRET_KEY to the one that it was (this one is %s)", ErrKeyChanged, s.sealer.KeyID())
	}
	return nil
}

// keyProof reads the proof as it was sealed; nil where no worker has started yet.
func (s *Store) keyProof(ctx context.Context) ([]byte, error) {
	var known string
	err := s.pool.QueryRow(ctx, `select value from facts where name = $1`, probeFact).Scan(&known)
	if noRows(err) {
		return nil, nil
	}
	var sealed []byte
	if err == nil {
		sealed, err = hex.DecodeString(known)
	}
	if err == nil && len(sealed) <= keyIDSize {
		err = errors.New("it is damaged")
	}
	if err != nil {
		return nil, fmt.Errorf("read the proof of the secret key: %w", err)
	}
	return sealed, nil
}

package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A suspect is a line in the ledger without a source: the server did not hand the mail out.

// Suspect notes mails that the server did not hand out. Those that have a line already keep it.
func (q *Queue) Suspect(ctx context.Context, mailbox string, uidvalidity uint32, uids []uint32) error {
	_, err := q.s.pool.Exec(ctx, `insert into ledger (mailbox, uidvalidity, uid, fate, digest) select $1, $2, u, 'received', '' from unnest($3::bigint[]) u on conflict do nothing`,
		mailbox, uidvalidity, wide(uids))
	if err != nil {
		return fmt.Errorf("note mails that were not handed out: %w", err)
	}
	return nil
}

// Unfetched counts that a mail was asked for alone and did not come; 0 where it has come.
func (q *Queue) Unfetched(ctx context.Context, mailbox string, uidvalidity, uid uint32) (times int, err error) {
	err = q.s.pool.QueryRow(ctx, `update ledger set attempts = attempts + 1 where mailbox = $1 and uidvalidity = $2 and uid = $3 and fate = 'received' and raw is null
		returning attempts`, mailbox, uidvalidity, uid).Scan(&times)
	if err != nil && !noRows(err) {
		return 0, fmt.Errorf("count that a mail was not handed out: %w", err)
	}
	return times, nil
}

// Suspects lists the mails that the server did not hand out and that are to be asked for, fewest failures first.
func (q *Queue) Suspects(ctx context.Context, mailbox string, uidvalidity uint32) ([]uint32, error) {
	rows, err := q.s.pool.Query(ctx, `select uid from ledger where mailbox = $1 and uidvalidity = $2 and fate = 'received' and raw is null order by attempts, uid limit 500`, mailbox, uidvalidity)
	if err != nil {
		return nil, fmt.Errorf("list mails that were not handed out: %w", err)
	}
	uids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("list mails that were not handed out: %w", err)
	}
	out := make([]uint32, len(uids))
	for i, u := range uids {
		out[i] = uint32(u) // UIDs are 32 bits (RFC 9051)
	}
	return out, nil
}

// SetApart gives a mail that never came its fate: quarantined, or ignored where it is gone.
func (q *Queue) SetApart(ctx context.Context, mailbox string, uidvalidity, uid uint32, fate, because string) error {
	_, err := q.s.pool.Exec(ctx, `update ledger set fate = $5, marked = true, at = clock_timestamp(), evidence = evidence || jsonb_build_object('because', $4::text)
		where mailbox = $1 and uidvalidity = $2 and uid = $3 and fate = 'received' and raw is null`, mailbox, uidvalidity, uid, clean(because), fate)
	if err != nil {
		return fmt.Errorf("set a mail apart: %w", err)
	}
	return nil
}

package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// addressMark is the content of a cursor through the addresses without automatic mail.
type addressMark struct {
	Search  string `json:"s"`
	Since   int64  `json:"t"`
	Address string `json:"a"`
}

// Undeliverable pages through the addresses that get no automatic mail, newest first; search: only those that hold that
// text. It returns the cursor of the next page, "" on the last.
func (s *Store) Undeliverable(ctx context.Context, search, cursor string, limit int) ([]ticket.Undeliverable, string, error) {
	if limit < 1 || limit > highestLimit {
		return nil, "", invalid("limit", "a limit of %d is not possible; use 1 to %d", limit, highestLimit)
	}
	f := &filter{}
	if search != "" {
		f.where("strpos(u.address, %s) > 0", FoldAddress(clean(search)))
	}
	if cursor != "" {
		var at addressMark
		if err := unpack(cursor, &at); err != nil {
			return nil, "", err
		}
		if at.Search != search {
			return nil, "", invalid("cursor", "the cursor belongs to a list with another filter: start again without it")
		}
		since := time.UnixMicro(at.Since).UTC()
		f.where("(u.since < %s::timestamptz or u.since = %s::timestamptz and u.address > %s)", since, since, at.Address)
	}
	rows, err := s.pool.Query(ctx, `select u.address, u.why, u.status, u.reason, coalesce(d.ticket, 0), u.since
		from undeliverable u left join deliveries d on d.id = u.delivery where `+f.sql()+` order by u.since desc, u.address limit `+f.arg(limit+1), f.args...)
	if err != nil {
		return nil, "", fmt.Errorf("list undeliverable addresses: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.Undeliverable])
	if err != nil {
		return nil, "", fmt.Errorf("list undeliverable addresses: %w", err)
	}
	if len(found) <= limit {
		return found, "", nil
	}
	last := found[limit-1]
	return found[:limit], pack(addressMark{Search: search, Since: last.Since.UnixMicro(), Address: last.Address}), nil
}

// ClearUndeliverable lets an address have automatic mail again: a person says that it works. ticket.NotFound where it is
// not on the list.
func (s *Store) ClearUndeliverable(ctx context.Context, address string) error {
	tag, err := s.pool.Exec(ctx, `delete from undeliverable where address = $1`, FoldAddress(clean(address)))
	if err != nil {
		return fmt.Errorf("clear an address: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return notFound("this address is not on the list")
	}
	return nil
}

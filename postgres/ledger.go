package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Fate is one line of the mail ledger: what became of a mail that a mailbox held.
type Fate struct {
	Mailbox     string // id
	UIDValidity uint32
	UID         uint32
	Fate        string
	Number      ticket.Number // 0: no ticket
	MessageID   string        // of the mail itself
	Evidence    map[string]any
	At          time.Time
}

// lineMark is a ledger cursor's content.
type lineMark struct {
	Mailbox     string `json:"m"` // what the list was asked for
	Quarantine  bool   `json:"q"`
	At          int64  `json:"a"`
	Box         string `json:"b"` // of the last line
	UIDValidity uint32 `json:"v"`
	UID         uint32 `json:"u"`
}

// Ledger pages through the fates, newest first, of one mailbox (by id or address) or of all ("") ; quarantine true:
// only the quarantined. It returns the cursor of the next page, "" on the last.
func (s *Store) Ledger(ctx context.Context, mailbox string, quarantine bool, cursor string, limit int) ([]Fate, string, error) {
	if limit < 1 || limit > highestLimit {
		return nil, "", invalid("limit", "a limit of %d is not possible; use 1 to %d", limit, highestLimit)
	}
	if !readable(mailbox) {
		return nil, "", notFound("there is no mailbox %q", mailbox)
	}
	f := &filter{}
	if mailbox != "" {
		f.where("l.mailbox in (select id from mailboxes where id = uuid_of(lower(%s)) or address = %s)", mailbox, FoldAddress(mailbox))
	}
	if quarantine {
		f.conditions = append(f.conditions, "l.fate = 'quarantined'")
	}
	if cursor != "" {
		at, err := readLineMark(cursor, mailbox, quarantine)
		if err != nil {
			return nil, "", err
		}
		f.where("(l.at, l.mailbox, l.uidvalidity, l.uid) < (%s::timestamptz, %s::uuid, %s::bigint, %s::bigint)", time.UnixMicro(at.At).UTC(), at.Box, int64(at.UIDValidity), int64(at.UID))
	}
	rows, err := s.pool.Query(ctx, `
		select l.mailbox::text, l.uidvalidity, l.uid, l.fate, coalesce(l.ticket, 0), coalesce(l.mail_id, ''), l.evidence, l.at
		from ledger l where `+f.sql()+` order by l.at desc, l.mailbox desc, l.uidvalidity desc, l.uid desc limit `+f.arg(limit+1), f.args...)
	if err != nil {
		return nil, "", fmt.Errorf("read the ledger: %w", err)
	}
	fates, err := pgx.CollectRows(rows, scanFate)
	if err != nil {
		return nil, "", fmt.Errorf("read the ledger: %w", err)
	}
	if len(fates) <= limit {
		return fates, "", nil
	}
	last := fates[limit-1]
	next := pack(lineMark{Mailbox: mailbox, Quarantine: quarantine, At: last.At.UnixMicro(), Box: last.Mailbox, UIDValidity: last.UIDValidity, UID: last.UID})
	return fates[:limit], next, nil
}

func scanFate(cr pgx.CollectableRow) (Fate, error) {
	var f Fate
	var n int64
	err := cr.Scan(&f.Mailbox, &f.UIDValidity, &f.UID, &f.Fate, &n, &f.MessageID, &f.Evidence, &f.At)
	f.Number = ticket.Number(n)
	return f, err
}

func readLineMark(cursor, mailbox string, quarantine bool) (lineMark, error) {
	var m lineMark
	if err := unpack(cursor, &m); err != nil {
		return lineMark{}, err
	}
	if !properUUID(m.Box) {
		return lineMark{}, errBadCursor
	}
	if m.Mailbox != mailbox || m.Quarantine != quarantine {
		return lineMark{}, invalid("cursor", "the cursor belongs to a list with another filter: start again without it")
	}
	return m, nil
}

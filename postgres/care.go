package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Refused notes a login that was refused under a version of the mailbox's settings, and returns how many there were since
// the last that went well: none that counts where the settings were changed meanwhile. From the third on the mailbox is
// left alone until they are.
func (q *Queue) Refused(ctx context.Context, mailbox string, settings int, problem string) (times int, err error) {
	err = q.s.pool.QueryRow(ctx, `update mailboxes set troubles = troubles + 1, last_seen_at = clock_timestamp(),
			state = case when troubles + 1 >= $3 then 'stopped' else 'failed' end,
			last_error = $2 || case when troubles + 1 >= $3 then '; reading has stopped until the settings are corrected' else '' end
		where id = $1 and version = $4 returning troubles`, mailbox, clean(problem), ticket.LoginsRefused, settings).Scan(&times)
	if noRows(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("note a refused login: %w", err)
	}
	return times, nil
}

// MailboxVersion counts the changes of a mailbox's settings; 0 where it is gone or switched off.
func (q *Queue) MailboxVersion(ctx context.Context, id string) (version int, err error) {
	err = q.s.pool.QueryRow(ctx, `select coalesce(max(version), 0) from mailboxes where id = $1 and enabled`, id).Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("look for other settings: %w", err)
	}
	return version, nil
}

// Again lists mails that were kept and have no fate: taken out of the quarantine, or begun by a worker that died.
func (q *Queue) Again(ctx context.Context, mailbox string) ([]ticket.Received, error) {
	rows, err := q.s.pool.Query(ctx, `select l.mailbox::text, l.uidvalidity, l.uid, l.digest, b.data from ledger l join blobs b on b.hash = l.raw
		where l.mailbox = $1 and l.fate = 'received' order by l.uidvalidity, l.uid limit 50`, mailbox)
	if err != nil {
		return nil, fmt.Errorf("list mails without a fate: %w", err)
	}
	return pgx.CollectRows(rows, func(cr pgx.CollectableRow) (m ticket.Received, err error) {
		var digest []byte
		err = cr.Scan(&m.Mailbox, &m.UIDValidity, &m.UID, &digest, &m.Raw)
		copy(m.Digest[:], digest)
		return m, err
	})
}

// Copies lists sent mails that are still to be stored in the folder that their mailbox names for it: of the last day,
// so that naming one does not copy the past.
func (q *Queue) Copies(ctx context.Context, mailbox string) ([]ticket.Copy, error) {
	rows, err := q.s.pool.Query(ctx, `select d.id::text, d.mail_id, b.sent_folder from deliveries d join tickets t on t.number = d.ticket
		join desks k on k.key = t.desk join mailboxes b on b.id = coalesce(t.mailbox, (select id from mailboxes m where m.desk = k.key and m.address = k.address))
		where b.id = $1 and b.sent_folder <> '' and d.copied_at is null and d.channel is null and d.message is not null and d.raw is not null
			and d.state in ('accepted', 'bounced') and d.finished_at > clock_timestamp() - interval '1 day'
		order by d.finished_at limit 20`, mailbox)
	if err != nil {
		return nil, fmt.Errorf("list copies to be stored: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.Copy])
}

// Source returns the frozen bytes of a mail of ours.
func (q *Queue) Source(ctx context.Context, delivery string) (raw []byte, err error) {
	if err = q.s.pool.QueryRow(ctx, `select raw from deliveries where id = $1`, delivery).Scan(&raw); err != nil {
		return nil, fmt.Errorf("read a sent mail: %w", err)
	}
	return raw, nil
}

// Copied notes that a sent mail lies in its mailbox.
func (q *Queue) Copied(ctx context.Context, delivery string) error {
	if _, err := q.s.pool.Exec(ctx, `update deliveries set copied_at = clock_timestamp() where id = $1`, delivery); err != nil {
		return fmt.Errorf("note a copy: %w", err)
	}
	return nil
}

// Unknown returns those of the UIDs that have no line in the ledger, and those that have one without a fate.
func (q *Queue) Unknown(ctx context.Context, mailbox string, uidvalidity uint32, uids []uint32) (missing, unsettled []uint32, err error) {
	rows, err := q.s.pool.Query(ctx, `select u, l.fate is not null from unnest($3::bigint[]) u left join ledger l on l.mailbox = $1 and l.uidvalidity = $2 and l.uid = u
		where l.fate is null or l.fate = 'received' order by u`, mailbox, uidvalidity, wide(uids))
	if err != nil {
		return nil, nil, fmt.Errorf("compare with the ledger: %w", err)
	}
	var uid uint32
	var begun bool
	_, err = pgx.ForEachRow(rows, []any{&uid, &begun}, func() error {
		if begun {
			unsettled = append(unsettled, uid)
		} else {
			missing = append(missing, uid)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("compare with the ledger: %w", err)
	}
	return slices.Clip(missing), slices.Clip(unsettled), nil
}

// FateSource returns the source of a mail in the ledger; ticket.NotFound where there is no such line, or its source was
// destroyed with its ticket.
func (s *Store) FateSource(ctx context.Context, mailbox string, uidvalidity, uid uint32) ([]byte, error) {
	var raw []byte
	err := s.pool.QueryRow(ctx, `select b.data from ledger l join blobs b on b.hash = l.raw where l.mailbox = uuid_of(lower($1)) and l.uidvalidity = $2 and l.uid = $3`,
		mailbox, int64(uidvalidity), int64(uid)).Scan(&raw)
	if noRows(err) {
		return nil, notFound("there is no source of such a mail")
	}
	if err != nil {
		return nil, fmt.Errorf("read the source of a mail: %w", err)
	}
	return raw, nil
}

// Retry takes a mail out of the quarantine: it is read again as if it had just come. ticket.NotFound where there is no
// such line, ticket.Conflict where it is not in the quarantine.
func (s *Store) Retry(ctx context.Context, mailbox string, uidvalidity, uid uint32) error {
	var fate string
	err := s.pool.QueryRow(ctx, `with before as (select fate, mailbox, uidvalidity, uid from ledger where mailbox = uuid_of(lower($1)) and uidvalidity = $2 and uid = $3 for update),
		again as (update ledger l set fate = 'received', attempts = 0, evidence = l.evidence || jsonb_build_object('retried_at', clock_timestamp())
			from before b where l.mailbox = b.mailbox and l.uidvalidity = b.uidvalidity and l.uid = b.uid and b.fate = 'quarantined')
		select fate from before`, mailbox, int64(uidvalidity), int64(uid)).Scan(&fate)
	switch {
	case noRows(err):
		return notFound("there is no such mail in the ledger")
	case err != nil:
		return fmt.Errorf("retry a mail: %w", err)
	case fate != "quarantined":
		return conflict("", "this mail is not in the quarantine; it is %s", fate)
	}
	return nil
}

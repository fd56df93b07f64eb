package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

const selectDrafts = `select d.id::text, d.agent, a.name, d.ticket, d.kind, d.why, d.kept, d.shared, d.body, d.body_format, d.sent_to, d.sent_cc, d.template, d.params,
	d.seen_revision, d.created_at, d.updated_at from drafts d join agents a on a.key = d.agent `

// Drafts lists an agent's own, newest first, and those that others share; of one ticket, or with number 0 his own of all.
func (s *Store) Drafts(ctx context.Context, agent string, n ticket.Number) ([]ticket.Draft, error) {
	list, err := s.draftsWhere(ctx, `where ($2 = 0 and d.agent = $1) or (d.ticket = $2 and (d.agent = $1 or d.shared)) order by d.updated_at desc, d.id limit 500`, agent, int64(n))
	if err != nil {
		return nil, fmt.Errorf("list drafts: %w", err)
	}
	return list, nil
}

// Draft finds one by its id, or the agent's own by the name of its kind: the one that is being written, else the newest
// that was kept. ticket.NotFound where there is none that he may read.
func (s *Store) Draft(ctx context.Context, agent string, n ticket.Number, which string) (ticket.Draft, error) {
	list, err := s.draftsWhere(ctx, `where d.ticket = $2 and (d.id = uuid_of($3) and (d.agent = $1 or d.shared) or d.kind = $3 and d.agent = $1)
		order by d.kept, d.updated_at desc limit 1`, agent, int64(n), which)
	if err != nil {
		return ticket.Draft{}, fmt.Errorf("read a draft: %w", err)
	}
	if len(list) == 0 {
		return ticket.Draft{}, notFound("there is no such draft")
	}
	return list[0], nil
}

func (s *Store) draftsWhere(ctx context.Context, where string, args ...any) ([]ticket.Draft, error) {
	rows, err := s.pool.Query(ctx, selectDrafts+where, args...)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(found pgx.CollectableRow) (d ticket.Draft, err error) {
		var kind string
		m := &d.Message
		err = found.Scan(&d.ID, &d.Agent, &d.AgentName, &d.Number, &kind, &d.Why, &d.Kept, &d.Shared, &m.Body, &m.Format, &m.To, &m.Cc, &m.Template, &d.Params,
			&d.SeenRevision, &d.CreatedAt, &d.UpdatedAt)
		if err != nil {
			return d, err
		}
		return d, d.Kind.UnmarshalText([]byte(kind))
	})
	if err != nil || len(list) == 0 {
		return list, err
	}
	return list, s.draftFiles(ctx, list)
}

func (s *Store) draftFiles(ctx context.Context, list []ticket.Draft) error {
	at, ids := map[string]*ticket.Draft{}, make([]string, len(list))
	for i := range list {
		ids[i], at[list[i].ID] = list[i].ID, &list[i]
	}
	rows, err := s.pool.Query(ctx, `select draft::text, id::text, name, type, coalesce(content_id, ''), inline, size from draft_files where draft = any($1::text[]::uuid[]) order by draft, position`, ids)
	if err != nil {
		return err
	}
	var draft string
	var f ticket.NewFile
	_, err = pgx.ForEachRow(rows, []any{&draft, &f.DraftFile, &f.Name, &f.Type, &f.ContentID, &f.Inline, &f.Size}, func() error {
		at[draft].Message.Files = append(at[draft].Message.Files, f)
		return nil
	})
	return err
}

// SaveDraft writes what an agent has begun: the one of its kind, or with an ID that one, which must be his. Files that
// are named by their ids stay, others that it had go. ticket.NotFound for an ID or a file that is not his.
func (s *Store) SaveDraft(ctx context.Context, d ticket.Draft) (ticket.Draft, error) {
	s.placeFiles(ctx, &d.Message)
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := upsertDraft(ctx, tx, &d); err != nil {
			return err
		}
		kept := []string{}
		for _, f := range d.Message.Files {
			if f.DraftFile != "" {
				kept = append(kept, f.DraftFile)
			}
		}
		if _, err := tx.Exec(ctx, `delete from draft_files where draft = $1 and id::text <> all($2)`, d.ID, kept); err != nil {
			return err
		}
		for i, f := range d.Message.Files {
			if err := saveDraftFile(ctx, tx, d, i, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return ticket.Draft{}, fmt.Errorf("save a draft: %w", err)
	}
	return s.Draft(ctx, d.Agent, d.Number, d.ID)
}

func upsertDraft(ctx context.Context, tx pgx.Tx, d *ticket.Draft) error {
	m := d.Message
	args := []any{
		d.Agent, int64(d.Number), d.Shared, clean(m.Body), orElse(m.Format, "markdown"), orEmpty(m.To), orEmpty(m.Cc), clean(m.Template), orMap(d.Params), d.SeenRevision,
	}
	if d.ID != "" {
		err := tx.QueryRow(ctx, `update drafts set shared = $3, body = $4, body_format = $5, sent_to = $6, sent_cc = $7, template = $8, params = $9, seen_revision = $10, updated_at = clock_timestamp()
			where id = uuid_of($11) and agent = $1 and ticket = $2 returning id::text`, append(args, d.ID)...).Scan(&d.ID)
		if noRows(err) {
			return notFound("there is no such draft")
		}
		return err
	}
	return tx.QueryRow(ctx, `insert into drafts (id, agent, ticket, kind, shared, body, body_format, sent_to, sent_cc, template, params, seen_revision, created_at, updated_at)
		values ($11, $1, $2, $12, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp(), clock_timestamp())
		on conflict (agent, ticket, kind) where not kept do update set shared = excluded.shared, body = excluded.body, body_format = excluded.body_format, sent_to = excluded.sent_to,
			sent_cc = excluded.sent_cc, template = excluded.template, params = excluded.params, seen_revision = excluded.seen_revision, updated_at = excluded.updated_at
		returning id::text`, append(args, uuid.Must(uuid.NewV7()).String(), d.Kind.String())...).Scan(&d.ID)
}

func saveDraftFile(ctx context.Context, tx pgx.Tx, d ticket.Draft, position int, f ticket.NewFile) error {
	switch {
	case f.Upload != "":
		by := ticket.Actor{Kind: ticket.ActorAgent, ID: d.Agent}.Key()
		done, err := tx.Exec(ctx, `insert into draft_files (id, draft, position, name, type, size, blob)
			select $1, $2, $3, name, type, size, blob from uploads where id = uuid_of($4) and by = $5`, uuid.NewString(), d.ID, position, f.Upload, by)
		if err == nil && done.RowsAffected() == 0 {
			return notFound("there is no such upload")
		}
		return err
	case f.DraftFile != "":
		done, err := tx.Exec(ctx, `update draft_files set position = $3 where draft = $1 and id = uuid_of($2)`, d.ID, f.DraftFile, position)
		if err == nil && done.RowsAffected() == 0 {
			return notFound("the draft has no such file")
		}
		return err
	}
	b := &pgx.Batch{}
	hash := queueBytes(b, f)
	b.Queue(`insert into draft_files (id, draft, position, name, type, content_id, inline, size, blob) values ($1, $2, $3, $4, $5, nullif($6, ''), $7, $8, $9)`,
		uuid.NewString(), d.ID, position, clean(f.Name), f.Type, clean(f.ContentID), f.Inline, len(f.Data), hash[:])
	return send(ctx, tx, b)
}

// DropDraft takes an agent's own draft away, by its id or its kind; ticket.NotFound where there is none.
func (s *Store) DropDraft(ctx context.Context, agent string, n ticket.Number, which string) error {
	d, err := s.Draft(ctx, agent, n, which)
	if err == nil && d.Agent != agent {
		err = notFound("there is no such draft")
	}
	if err != nil {
		return err
	}
	if _, err := s.pool.Exec(ctx, `delete from drafts where id = uuid_of($1) and agent = $2`, d.ID, agent); err != nil {
		return fmt.Errorf("delete a draft: %w", err)
	}
	return nil
}

// DraftFile opens a file of a draft that the agent may read; ticket.NotFound where there is none.
func (s *Store) DraftFile(ctx context.Context, agent string, n ticket.Number, id string) (ticket.Attachment, *Content, error) {
	a, hash, err := s.draftFile(ctx, agent, n, id)
	if err != nil {
		return a, nil, err
	}
	c, err := s.content(ctx, hash, a.Size)
	return a, c, err
}

// NamedDraftFile tells what such a file is, without a byte of its content.
func (s *Store) NamedDraftFile(ctx context.Context, agent string, n ticket.Number, id string) (ticket.Attachment, error) {
	a, _, err := s.draftFile(ctx, agent, n, id)
	return a, err
}

func (s *Store) draftFile(ctx context.Context, agent string, n ticket.Number, id string) (a ticket.Attachment, hash []byte, err error) {
	err = s.pool.QueryRow(ctx, `select f.id::text, f.name, f.type, f.size, f.blob from draft_files f join drafts d on d.id = f.draft
		where f.id = uuid_of($3) and d.ticket = $2 and (d.agent = $1 or d.shared)`, agent, int64(n), id).Scan(&a.ID, &a.Name, &a.Type, &a.Size, &hash)
	if noRows(err) {
		return a, nil, notFound("the draft has no such file")
	}
	if err != nil {
		return a, nil, fmt.Errorf("read a file of a draft: %w", err)
	}
	return a, hash, nil
}

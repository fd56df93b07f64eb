package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"duradesk/ticket"
)

// draft does what an answer means for the text that the command carried: applied, the draft that it was written in has
// done its work; refused, the text is kept as a draft.
func (a *applying) draft(ctx context.Context, c stored, answer ticket.Outcome) error {
	switch {
	case c.By.Kind != ticket.ActorAgent:
	case answer == ticket.Applied && c.draft != "":
		// What was written into it since is another text, and stays.
		a.writes.Queue(`delete from drafts where id = $1 and agent = $2 and ticket = $3 and updated_at <= $4`, c.draft, c.By.ID, a.row.number, c.At)
	case answer == ticket.Refused && c.Message != "":
		id, err := a.draftOf(ctx, c.Message, ticket.DraftRefused)
		if err != nil {
			return err
		}
		a.writes.Queue(`update commands set draft = $3 where ticket = $1 and seq = $2`, a.row.number, c.Seq, id)
	}
	return nil
}

// draftOf keeps the text and files of a message as a draft of the agent who sent it, and returns the draft's id. Where he
// writes another text meanwhile, it stands beside that; a draft that says the same is enough.
func (a *applying) draftOf(ctx context.Context, message string, why ticket.DraftWhy) (string, error) {
	if err := a.flush(ctx); err != nil {
		return "", err
	}
	var id string
	err := a.tx.QueryRow(ctx, `select d.id::text from drafts d join commands c on c.by_kind = 'agent' and c.by_id = d.agent and c.ticket = d.ticket and c.name = d.kind
		join messages m on m.id = c.message and m.body = d.body and m.body_format = d.body_format
		where c.ticket = $1 and c.message = uuid_of($2) and not exists (select from attachments f where f.message = m.id
			and not exists (select from draft_files g where g.draft = d.id and g.blob = f.blob)) limit 1`, a.row.number, message).Scan(&id)
	if err == nil || !noRows(err) {
		return id, err
	}
	for _, kept := range []bool{false, true} {
		id = uuid.Must(uuid.NewV7()).String()
		made, err := a.tx.Exec(ctx, `
			insert into drafts (id, agent, ticket, kind, kept, why, body, body_format, sent_to, sent_cc, template, params, seen_revision, created_at, updated_at)
			select $3, c.by_id, c.ticket, c.name, $4, $5, m.body, m.body_format, m.sent_to, m.sent_cc, coalesce(m.template, ''), c.params, c.seen_revision, $6, $6
			from commands c join messages m on m.id = c.message join agents g on g.key = c.by_id
			where c.ticket = $1 and c.message = uuid_of($2) and c.by_kind = 'agent'
			on conflict do nothing`, a.row.number, message, id, kept, string(why), a.row.now)
		if err != nil {
			return "", fmt.Errorf("keep a text as a draft: %w", err)
		}
		if made.RowsAffected() == 1 {
			a.writes.Queue(`insert into draft_files (id, draft, position, name, type, content_id, inline, size, blob)
				select gen_random_uuid(), $1, position, name, type, content_id, inline, size, blob from attachments where message = uuid_of($2)`, id, message)
			return id, nil
		}
	}
	return "", nil // the agent is not one of ours any more
}

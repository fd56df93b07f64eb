package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Preview returns what the mail would be composed from if a command of that kind took this message to the client now. It
// has no recipients where the client has no address. Nothing is stored or locked. ticket.NotFound for no such ticket.
func (q *Queue) Preview(ctx context.Context, n ticket.Number, k ticket.Kind, agent string, m ticket.NewMessage) (ticket.Mail, error) {
	out := ticket.Mail{Number: n, Body: m.Body, Format: m.Format, Agent: agent, Files: m.Files}
	err := pgx.BeginTxFunc(ctx, q.s.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var r ticketRow
		if err := scanTicketRow(tx.QueryRow(ctx, ticketRowQuery, n), &r); err != nil {
			if noRows(err) {
				return notFound("there is no ticket %d", n)
			}
			return err
		}
		d := delivery{number: n, occasion: occasion(k), now: r.now}
		out.Occasion, out.Title, out.Language, out.Client, out.Previous = d.occasion, r.title, r.language, r.clientName, r.follows
		b := &pgx.Batch{}
		b.Queue(`select d.name, coalesce(b.address, d.address), clock_timestamp() from tickets t join desks d on d.key = t.desk left join (`+mailboxOfTicket+`) b on true where t.number = $1`, n).
			QueryRow(func(found pgx.Row) error { return found.Scan(&out.Desk, &out.From.Address, &out.Date) })
		queueLook(b, d, r, m.Template, &out)
		if err := send(ctx, tx, b); err != nil {
			return err
		}
		out.From.Name, d.created = out.Desk, out.Date
		out.Undo = time.Duration(r.manner.UndoSend) * time.Second
		to, cc := sendTo(m.To, r), m.Cc
		if r.spoken.answered() {
			out.Channel, out.Spoken = r.spoken.key, r.spoken.conversation
			to = alsoMailed(m.To, m.Cc)
		}
		for _, address := range to {
			out.To = append(out.To, ticket.Address{Address: address})
		}
		for _, address := range cc {
			if slices.Contains(to, address) {
				continue // he gets it once
			}
			out.Cc = append(out.Cc, ticket.Address{Address: address})
		}
		thread := &pgx.Batch{}
		q.queueThread(thread, d, &out)
		return send(ctx, tx, thread)
	})
	if err != nil {
		return out, fmt.Errorf("preview a mail: %w", err)
	}
	return out, nil
}

// sendTo is who gets an answer: whom the agent names, else the client.
func sendTo(named []string, r ticketRow) []string {
	if len(named) == 0 && r.clientMail != "" {
		return []string{r.clientMail}
	}
	return named
}

// ForbiddenFor lists the words that must not stand in a mail of a desk.
func (s *Store) ForbiddenFor(ctx context.Context, desk string) ([]ForbiddenWord, error) {
	rows, err := s.pool.Query(ctx, `select id::text, coalesce(desk, ''), word, action, note from forbidden_words where desk is null or desk = $1 order by action, word`, desk)
	if err != nil {
		return nil, fmt.Errorf("list forbidden words: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ForbiddenWord])
	if err != nil {
		return nil, fmt.Errorf("list forbidden words: %w", err)
	}
	return list, nil
}

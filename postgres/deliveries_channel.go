package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// afterOthers holds back what is told to a conversation until all that was said there before has its end: what a channel
// hears it hears in order.
func (q *Queue) afterOthers(ctx context.Context, tx pgx.Tx, d *delivery) (wait bool, err error) {
	var next time.Time
	err = tx.QueryRow(ctx, `select greatest(next_at, clock_timestamp() + interval '500 milliseconds') from deliveries
		where conversation = $1 and finished_at is null and (created_at, id) < ($2, $3::uuid) order by created_at, id limit 1`, d.spoken, d.created, d.id).Scan(&next)
	if noRows(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at what a conversation hears first: %w", err)
	}
	d.nextAt = next
	if _, err := tx.Exec(ctx, `update deliveries set next_at = $2 where id = $1`, d.id, next); err != nil {
		return false, fmt.Errorf("wait for a message's turn: %w", err)
	}
	return true, nil
}

// channelAttempt reads all that a try at telling a channel needs.
func (q *Queue) channelAttempt(ctx context.Context, tx pgx.Tx, d delivery, r ticketRow, out ticket.Attempt) (ticket.Attempt, error) {
	target := &ticket.ChannelTarget{Doubtful: d.doubtful}
	out.Channel, out.Said.Message = target, d.message
	out.Mail = ticket.Mail{
		Occasion: d.occasion, Number: d.number, Title: r.title, Language: r.language, MailID: d.mailID, Date: d.created, Client: r.clientName, Previous: r.follows,
	}
	var secret, old []byte
	b := &pgx.Batch{}
	b.Queue(`select h.key, h.url, h.removed_at is not null, not h.enabled, h.secret, case when h.old_until > clock_timestamp() then h.old_secret end, v.key, v.person, k.name
		from channels h join conversations v on v.id = $2 join tickets t on t.number = $3 join desks k on k.key = t.desk where h.id = $1`, d.channel, d.spoken, d.number).QueryRow(func(found pgx.Row) error {
		return found.Scan(&target.Key, &target.URL, &target.Removed, &target.Off, &secret, &old, &out.Said.Conversation, &out.Said.Person, &out.Mail.Desk)
	})
	b.Queue(`select address, cc, state from recipients where delivery = $1 order by address`, d.id).Query(func(rows pgx.Rows) error {
		return eachRecipient(rows, &out)
	})
	queueLook(b, d, r, "", &out.Mail)
	q.queueBody(b, d, &out.Mail)
	if err := send(ctx, tx, b); err != nil {
		return out, fmt.Errorf("read what to tell a channel: %w", err)
	}
	out.Said.Channel, out.Mail.Channel = target.Key, target.Key
	secrets, err := q.s.openSecrets(channelContext(d.channel), secret, old)
	target.Secrets = secrets
	return out, err
}

// openSecrets opens those that there are.
func (s *Store) openSecrets(context string, sealed ...[]byte) ([]ticket.Secret, error) {
	var out []ticket.Secret
	for _, one := range sealed {
		if one == nil {
			continue
		}
		open, err := s.sealer.Open(one, context)
		if err != nil {
			return nil, fmt.Errorf("open the secret of %s: %w", context, err)
		}
		out = append(out, ticket.Secret(open))
	}
	return out, nil
}

func channelContext(id string) string { return "channel " + id }

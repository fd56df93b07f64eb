package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

// spoken is a ticket's conversation outside mail; id 0: it has none. Without a channel its answers go by mail: the
// channel takes none, or was taken away.
type spoken struct {
	id                                 int64
	channel, key, conversation, person string
}

// answered reports whether answers leave into the conversation.
func (s spoken) answered() bool { return s.channel != "" }

// address is how the person is written where mail has an address. It is none: no mail ever goes there.
func (s spoken) address() string { return externalID(s.key, s.person) }

// externalID is what a channel's own id of a person is kept as.
func externalID(channel, person string) string { return channel + "/" + clean(person) }

// alsoMailed are those whom the agent names: they get the message by mail, besides what the conversation hears.
func alsoMailed(to, cc []string) []string {
	if len(to) == 0 {
		return cc
	}
	return to
}

// tellChannel queues what a conversation is told. Its id is what the channel knows it by, however often it is sent.
func (a *applying) tellChannel(message, occasion string, leaves time.Time) string {
	id := uuid.Must(uuid.NewV7()).String()
	a.writes.Queue(`insert into deliveries (id, ticket, message, occasion, mail_id, next_at, created_at, channel, conversation) values ($1, $2, nullif($3, '')::uuid, $4, $5, $6, $7, $8, $9)`,
		id, a.row.number, message, occasion, channelMessageID(id), leaves, a.row.now, a.row.spoken.channel, a.row.spoken.id)
	a.writes.Queue(`insert into recipients (delivery, address) values ($1, $2)`, id, a.row.spoken.address())
	a.unread = append(a.unread, id)
	return id
}

// channelMessageID is the header webhook-id of a delivery.
func channelMessageID(delivery string) string { return "msg_" + delivery }

// goesOn makes a ticket the one that the next message of the conversation goes to, in place of this one.
func (a *applying) goesOn(ctx context.Context, number ticket.Number) error {
	if a.row.spoken.id == 0 {
		return nil
	}
	a.writes.Queue(`update conversations set ticket = $2 where id = $1 and ticket = $3`, a.row.spoken.id, number, a.row.number)
	return a.flush(ctx)
}

// passOn takes a message to where the talk went on meanwhile: what is said in one breath must not open several follow-ups.
// False where it goes on here.
func (a *applying) passOn(ctx context.Context, c stored) (bool, error) {
	if err := a.flush(ctx); err != nil {
		return false, err
	}
	now, err := a.wentOn(ctx)
	if err != nil {
		return false, fmt.Errorf("see where a talk goes on: %w", err)
	}
	if now <= a.row.number { // never back: a follow-up has a higher number, and locks are taken in that order
		return false, nil
	}
	if _, locked := a.others[now]; !locked {
		return false, a.lockToo(now)
	}
	// As it was said: a client's verdict stays one, for it has no words that would show as a message.
	order := ticket.Order{ID: fmt.Sprintf("follow:%d:%d", a.row.number, c.Seq), Kind: c.Kind, By: c.By, Name: c.byName, Params: c.Params}
	a.writes.Queue(`update messages set ticket = $2, applied = false where id = uuid_of($1)`, c.Message, now)
	a.tell(now, order, c.Message)
	a.event(bySystem(c),
		lifecycle.Happening{Type: "event", Name: "forwarded"}, "", map[string]any{"number": now})
	return true, nil
}

// wentOn finds the ticket that the conversation goes to now; outside of conversations the one that a message to this ticket
// opened last, if it is the same client's and not done with. 0: there is none.
func (a *applying) wentOn(ctx context.Context) (now ticket.Number, err error) {
	if a.row.spoken.id != 0 {
		err = a.tx.QueryRow(ctx, `select ticket from conversations where id = $1`, a.row.spoken.id).Scan(&now)
		return now, err
	}
	err = a.tx.QueryRow(ctx, `select t.number from events e join tickets t on t.number = (e.data->>'number')::bigint
		where e.ticket = $1 and e.name = $2 and t.client = $3 and t.state in (`+liveStates+`, 'resolved', 'resolved_internally')
		order by e.n desc limit 1`, a.row.number, followUpOpened, a.row.client).Scan(&now)
	if noRows(err) {
		return 0, nil
	}
	return now, err
}

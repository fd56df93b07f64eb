package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

// perform does one outer effect within the transaction. The switch is exhaustive: a new effect must be performed.
func (a *applying) perform(ctx context.Context, e lifecycle.Effect, c stored) error {
	switch e {
	case lifecycle.KeepMessage:
		a.keep(c)
	case lifecycle.SendMessage:
		a.sendMessage(c)
	case lifecycle.Acknowledge:
		return a.acknowledge(ctx, c)
	case lifecycle.TellClosed:
		return a.tellClosed(ctx, c)
	case lifecycle.OpenFollowUp:
		return a.openNew(ctx, c, a.row.number)
	case lifecycle.OpenAnew:
		return a.openNew(ctx, c, 0)
	case lifecycle.Destroy:
		return a.destroy(ctx)
	case lifecycle.OpenChild:
		return a.openChild(ctx, c)
	case lifecycle.SplitOff:
		return a.splitOff(ctx, c)
	case lifecycle.MoveMessage:
		return a.moveMessage(ctx, c)
	case lifecycle.TakeBack:
		return a.takeBack(ctx, c)
	case lifecycle.WriteLabels:
		return a.writeLabels(ctx, c)
	case lifecycle.WriteFeedback:
		a.writeFeedback(c)
	case lifecycle.WriteSolution:
		a.writeSolution(c)
	case lifecycle.WritePromise:
		a.writePromise(c)
	case lifecycle.RecallChild, lifecycle.CopyToChild, lifecycle.RaiseChild, lifecycle.TellParent, lifecycle.CopyToParent, lifecycle.TellSurvivor,
		lifecycle.ForwardToSurvivor, lifecycle.LinkBoth, lifecycle.TellOwner, lifecycle.TellLeads:
		// told in the decision: see across
	case lifecycle.NoEffect, lifecycle.TakeOwnership, lifecycle.DropOwner, lifecycle.SetHold, lifecycle.SetCategory, lifecycle.SetPriority,
		lifecycle.SetPriorityByImpact, lifecycle.SetPromise, lifecycle.RaiseTier, lifecycle.AssignTo, lifecycle.BecomeChild, lifecycle.ClientWaits,
		lifecycle.NobodyWaits, lifecycle.Responded, lifecycle.RecordWarning, lifecycle.RecordBreach, lifecycle.MarkFailed, lifecycle.Looked, lifecycle.RememberState,
		lifecycle.HandOut, lifecycle.RecordOutcome, lifecycle.SetSurvivor, lifecycle.SetOther:
		// inner: done by the rules
	}
	return nil
}

// keep shows the message in the timeline and puts it at the end of the conversation.
func (a *applying) keep(c stored) {
	a.writes.Queue(`update messages set applied = true where id = $1`, c.Message)
	author := authorOf(c, ticket.By{Kind: c.By.Kind, ID: c.By.ID, Name: c.byName})
	kind := "public"
	if c.note {
		kind = "note"
		if c.calls {
			a.mention(c)
		}
	}
	a.row.last = ticket.LastMessage{By: author.Kind, Name: author.Name, Kind: kind, At: c.At, Excerpt: c.excerpt}
	if !c.note && c.Kind != ticket.AutomaticMail {
		a.row.spokeLast = author.Kind == ticket.ActorClient
		a.row.waiting = a.row.waitingFrom(c.At)
	}
}

// occasion names the template by which a mail is made.
func occasion(k ticket.Kind) string {
	switch k { //nolint:exhaustive // the rest are plain answers
	case ticket.Hold:
		return "interim"
	case ticket.Resolve:
		return "final"
	default:
		return "answer"
	}
}

// sendMessage queues the mail that carries a message. A client without an address (a phone call) gets none: the
// message stands in the timeline.
func (a *applying) sendMessage(c stored) {
	leaves := a.row.now.Add(time.Duration(a.row.manner.UndoSend) * time.Second)
	to := sendTo(c.to, a.row)
	if a.row.spoken.answered() {
		a.tellChannel(c.Message, occasion(c.Kind), leaves)
		to = alsoMailed(c.to, c.cc)
	}
	if len(to) == 0 {
		return
	}
	id := a.queueDelivery(c.Message, occasion(c.Kind), to, c.cc, leaves)
	a.writes.Queue(`update messages set mail_id = (select mail_id from deliveries where id = $2) where id = $1`, c.Message, id)
}

// acknowledge queues the mail that tells the client the number, once per ticket and address. Where it must not be sent,
// the ticket says why: nothing else changes.
func (a *applying) acknowledge(ctx context.Context, c stored) error {
	address := FoldAddress(a.row.clientMail)
	if a.row.spoken.answered() {
		address = a.row.spoken.address()
	}
	if address == "" {
		return nil
	}
	mailbox, may, err := a.mayMail(ctx, c, address, "not_acknowledged")
	if err != nil || !may {
		return err
	}
	occasion := "acknowledge"
	if a.row.follows != 0 {
		occasion = "follow_up"
	}
	var id string
	if a.row.spoken.answered() {
		id, mailbox = a.tellChannel("", occasion, a.row.now), ""
	} else {
		id = a.queueDelivery("", occasion, []string{a.row.clientMail}, nil, a.row.now)
	}
	if !a.q.acks.take(a.row.now) {
		a.unread = slices.DeleteFunc(a.unread, func(waiting string) bool { return waiting == id })
	}
	a.writes.Queue(`insert into acknowledgements (ticket, address, at, mailbox) values ($1, $2, $3, nullif($4, '')::uuid)`, a.row.number, address, c.At, mailbox)
	a.event(bySystem(c), lifecycle.Happening{Type: "event", Name: "acknowledged"}, "", map[string]any{"delivery": id})
	return nil
}

// mayMail asks whether a mail that nobody writes may leave, and through which mailbox; where it may not, the ticket says
// why by an event of that name.
func (a *applying) mayMail(ctx context.Context, c stored, address, refused string) (mailbox string, may bool, err error) {
	mailbox, why, err := a.mayAnswer(ctx, address, c.At)
	if err == nil && why != "" {
		a.event(bySystem(c), lifecycle.Happening{Type: "event", Name: refused, Why: why}, "", nil)
	}
	return mailbox, err == nil && why == "", err
}

// bySystem is what the desk itself does on a command.
func bySystem(c stored) stored {
	return stored{Command: ticket.Command{ID: c.ID, Seq: c.Seq, At: c.At, By: ticket.System}}
}

// tellClosed queues the mail with which a desk ends a ticket. Nobody is asked twice how he found it, and none leaves that
// could not be an acknowledgement either; whoever speaks through a channel is not written to.
func (a *applying) tellClosed(ctx context.Context, c stored) error {
	address := FoldAddress(a.row.clientMail)
	if address == "" || a.row.spoken.answered() {
		return nil
	}
	if a.row.settings.CloseMail == ticket.CloseMailFeedback {
		var rated bool
		if err := a.tx.QueryRow(ctx, `select exists (select from feedback where ticket = $1)`, a.row.number).Scan(&rated); err != nil {
			return fmt.Errorf("look for a rating: %w", err)
		}
		if rated {
			return nil
		}
	}
	if _, may, err := a.mayMail(ctx, c, address, "end_not_mailed"); err != nil || !may {
		return err
	}
	id := a.queueDelivery("", string(a.row.settings.CloseMail), []string{a.row.clientMail}, nil, a.row.now)
	a.event(bySystem(c), lifecycle.Happening{Type: "event", Name: "end_mailed"}, "", map[string]any{"delivery": id})
	return nil
}

// queueDelivery makes the row of a mail that leaves at an instant, not before.
func (a *applying) queueDelivery(message, occasion string, to, cc []string, leaves time.Time) string {
	id := uuid.Must(uuid.NewV7()).String()
	_, domain, _ := strings.Cut(a.row.deskAddr, "@")
	a.writes.Queue(`insert into deliveries (id, ticket, message, occasion, mail_id, next_at, created_at) values ($1, $2, nullif($3, '')::uuid, $4, $5, $6, $7)`,
		id, a.row.number, message, occasion, a.q.mint.MessageID(occasion, id, domain), leaves, a.row.now)
	for _, address := range to {
		a.writes.Queue(`insert into recipients (delivery, address) values ($1, $2) on conflict do nothing`, id, address)
	}
	for _, address := range cc {
		a.writes.Queue(`insert into recipients (delivery, address, cc) values ($1, $2, true) on conflict do nothing`, id, address)
	}
	a.unread = append(a.unread, id)
	return id
}

// followUpOpened is the event of a ticket whose message opened another one.
const followUpOpened = "follow_up_opened"

// openNew moves the message into a new ticket (of the same client and desk) as its first command. follows is the
// ticket it is linked to, 0 for none.
func (a *applying) openNew(ctx context.Context, c stored, follows ticket.Number) error {
	if passed, err := a.passOn(ctx, c); passed || err != nil {
		return err
	}
	opening := ticket.Opening{
		Desk: a.row.desk, Title: orElse(a.row.title, c.excerpt), Channel: ticket.ChannelMail, Priority: a.p.Priority, Language: a.row.language, Follows: follows,
	}
	if c.Params.Reply != nil && c.Params.Reply.Channel != ticket.NoChannel {
		opening.Channel = c.Params.Reply.Channel
	}
	first := ticket.Order{
		ID: fmt.Sprintf("follow:%d:%d", a.row.number, c.Seq), Kind: ticket.ClientReply, By: c.By, Name: c.byName,
		Params: ticket.Params{Reply: c.Params.Reply}, Opening: &opening,
	}
	number, err := a.openWith(ctx, c, first, c.Message, followUpOpened)
	if err != nil {
		return err
	}
	return a.goesOn(ctx, number)
}

// openWith opens a ticket whose first command takes a message of this one along, and leaves an event that names it.
func (a *applying) openWith(ctx context.Context, c stored, first ticket.Order, message, event string) (ticket.Number, error) {
	number, at, err := nextNumber(ctx, a.tx)
	if err != nil {
		return 0, err
	}
	if err := a.openAs(ctx, number, at, first); err != nil {
		return 0, err
	}
	if a.row.spoken.id != 0 { // its answers go there too
		a.writes.Queue(`update tickets set conversation = $2 where number = $1`, number, a.row.spoken.id)
	}
	if message != "" { // a client's verdict has no words
		a.writes.Queue(`update messages set ticket = $2, applied = false where id = $1`, message, number)
		a.writes.Queue(`update commands set message = $2 where ticket = $1 and seq = 1`, number, message)
	}
	a.event(bySystem(c),
		lifecycle.Happening{Type: "event", Name: event}, "", map[string]any{"number": number})
	return number, nil
}

// openAs makes a ticket of the same client with a number that was drawn for it, and rings there. Nobody else sees it yet: it is
// ours as if it were locked, for what this transaction has still to tell it.
func (a *applying) openAs(ctx context.Context, number ticket.Number, at time.Time, first ticket.Order) error {
	pinned, err := pinsOf(ctx, a.tx, first.Opening.Desk)
	if err != nil {
		return err
	}
	queueTicket(a.writes, number, a.row.client, pinned, at, first)
	queueCommand(a.writes, first, number, queuePlace{1, at})
	a.others[number] = &ticketRow{number: number, seq: 1, lastAt: at, now: a.row.now}
	a.ring(number)
	return nil
}

// destroy takes all content away: texts, files, sources. Numbers, states and instants stay as a tombstone.
func (a *applying) destroy(ctx context.Context) error {
	if err := a.flush(ctx); err != nil {
		return err
	}
	rows, err := a.tx.Query(ctx, `select raw from messages where ticket = $1 and raw is not null
		union select raw from ledger where ticket = $1 and raw is not null
		union select f.blob from attachments f join messages m on m.id = f.message where m.ticket = $1
		union select f.blob from draft_files f join drafts d on d.id = f.draft where d.ticket = $1`, a.row.number)
	if err != nil {
		return fmt.Errorf("find what to destroy: %w", err)
	}
	hashes, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return fmt.Errorf("find what to destroy: %w", err)
	}
	n := a.row.number
	b := a.writes
	b.Queue(`delete from message_words w using messages m where m.id = w.message and m.ticket = $1`, n)
	b.Queue(`delete from ticket_words where ticket = $1`, n)
	b.Queue(`delete from attachments f using messages m where m.id = f.message and m.ticket = $1`, n)
	b.Queue(`delete from drafts where ticket = $1`, n)
	b.Queue(`delete from uploads where blob = any($1)`, hashes) // whoever sends one of them elsewhere must upload it anew
	b.Queue(`update messages set body = '', html = null, visible = null, raw = null, by_name = '', sent_to = '{}', sent_cc = '{}', mail_id = null, in_reply_to = null where ticket = $1`, n)
	b.Queue(`update ledger set raw = null, evidence = '{}' where ticket = $1`, n)
	b.Queue(`update deliveries set raw = null where ticket = $1`, n)
	b.Queue(`update events set by_name = '', data = '{}' where ticket = $1 and n < $2`, n, a.row.items)
	b.Queue(`update commands set by_name = '', reason_text = null where ticket = $1`, n)
	// What a command carried may be words too: a title, a promise, the body of a hand-over. One that still waits keeps
	// what its answer needs.
	b.Queue(`update commands set params = '{}' where ticket = $1 and outcome <> 'pending'`, n)
	b.Queue(`update promises set text = '' where ticket = $1`, n)
	b.Queue(`update feedback set comment = '' where ticket = $1`, n)
	// A reception type of the desk's own list is a figure; any other is somebody's words.
	b.Queue(`update tickets t set title = '', fields = '{}', tags = '{}', solution = null, reception_type = (select t.reception_type where exists (
		select from furniture f where f.kind = 'reception_type' and f.desk in ('', t.desk) and t.reception_type in (f.key, f.body->'label'->>'en', f.body->'label'->>'ja')))
		where number = $1`, n)
	b.Queue(`delete from blobs b where b.hash = any($1) and `+unreferenced, hashes)
	a.row.last = ticket.LastMessage{}
	return nil
}

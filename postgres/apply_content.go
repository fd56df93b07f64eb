package postgres

import (
	"context"
	"fmt"
	"strings"

	"duradesk/ticket"
)

// openChild makes the ticket of a hand-over at the issue desk: with the number that the command names, the same
// client, title, fields and body as given. Its first command opens it.
func (a *applying) openChild(ctx context.Context, c stored) error {
	e := c.Params.Escalate
	opening := ticket.Opening{
		Desk: e.Desk, Title: orElse(e.Title, a.row.title), Channel: ticket.ChannelExternal, Priority: a.p.Priority, Language: a.row.language,
		ReceptionType: e.ReceptionType, Fields: e.Fields,
	}
	first := ticket.Order{
		ID: fmt.Sprintf("hand-over:%d:%d", a.row.number, c.Seq), Kind: ticket.Create, By: ticket.System, Name: c.byName, Reason: c.reasonText,
		Params: ticket.Params{Create: &ticket.CreateParams{Parent: a.row.number}}, Opening: &opening,
	}
	if body := orElse(e.Body, c.reasonText); body != "" {
		first.Message = &ticket.NewMessage{Body: body, Format: "markdown", Author: ticket.By{Kind: c.By.Kind, ID: c.By.ID, Name: c.byName}}
	}
	return a.openAs(ctx, e.Child, a.row.now, first)
}

// splitOff gives a wrongly threaded message a ticket of its own.
func (a *applying) splitOff(ctx context.Context, c stored) error {
	return a.moveOut(ctx, c, c.Params.Split.Message, 0)
}

// moveMessage puts a wrongly threaded message where it belongs: there it comes as its writer's words.
func (a *applying) moveMessage(ctx context.Context, c stored) error {
	return a.moveOut(ctx, c, c.Params.Move.Message, c.Params.Move.Into)
}

// moveOut takes a message out of this ticket. Its line stays as a trace that says where it went; text and files go.
func (a *applying) moveOut(ctx context.Context, c stored, message string, into ticket.Number) error {
	if err := a.flush(ctx); err != nil {
		return err
	}
	var kind, by, name, text string
	var note bool
	err := a.tx.QueryRow(ctx, `select by_kind, by_id, by_name, note, left(coalesce(visible, body), 400) from messages where id = uuid_of($1) and ticket = $2 and applied`, message, a.row.number).
		Scan(&kind, &by, &name, &note, &text)
	if err != nil {
		return fmt.Errorf("read the message to move: %w", err)
	}
	order := ticket.Order{
		ID: fmt.Sprintf("moved:%d:%d", a.row.number, c.Seq), Kind: ticket.ClientReply, By: ticket.Actor{Kind: ticket.ActorClient, ID: by}, Name: name,
		Params: ticket.Params{Reply: &ticket.ReplyParams{Channel: a.p.Channel, Mute: true}},
	}
	if note || kind != ticket.ActorClient.String() {
		order.Kind, order.By = ticket.Note, ticket.System
	}
	a.writes.Queue(`update events set type = 'event', name = 'moved_out', message = null where ticket = $1 and message = uuid_of($2)`, a.row.number, message)
	if into != 0 {
		a.writes.Queue(`update messages set ticket = $2, applied = false where id = uuid_of($1)`, message, into)
		a.tell(into, order, message)
		a.link("related", into)
		return nil
	}
	order.Opening = &ticket.Opening{Desk: a.row.desk, Title: orElse(excerpt(text), a.row.title), Channel: a.p.Channel, Priority: a.p.Priority, Language: a.row.language}
	number, err := a.openWith(ctx, c, order, message, "split_off")
	if err == nil {
		a.link("related", number)
	}
	return err
}

// writeLabels changes what the ticket is called and filed under. A field set to null is taken away.
func (a *applying) writeLabels(ctx context.Context, c stored) error {
	l := c.Params.Classify
	set := func(column string, value any) {
		a.writes.Queue(`update tickets set `+column+` = $2 where number = $1`, a.row.number, value)
	}
	if l.Title != nil {
		set("title", clean(*l.Title))
		a.row.title = *l.Title
	}
	if l.Type != nil {
		set("type", *l.Type)
	}
	if l.ReceptionType != nil {
		set("reception_type", *l.ReceptionType)
	}
	if l.Tags != nil {
		set("tags", orEmpty(*l.Tags))
	}
	if len(l.AddTags) > 0 || len(l.RemoveTags) > 0 { // those that it has keep their order
		a.writes.Queue(`update tickets set tags = array(select tag from unnest(tags || $2::text[]) with ordinality x (tag, place)
			where not tag = any($3::text[]) group by tag order by min(place)) where number = $1`, a.row.number, orEmpty(l.AddTags), orEmpty(l.RemoveTags))
	}
	if l.Language != nil {
		set("language", *l.Language)
	}
	if l.DueAt != nil {
		set("wanted_at", l.DueAt.UTC())
	}
	if len(l.Fields) > 0 {
		a.writes.Queue(`update tickets set fields = jsonb_strip_nulls(fields || $2::jsonb) where number = $1`, a.row.number, l.Fields)
	}
	if l.Title == nil && l.Type == nil && l.ReceptionType == nil && l.Language == nil {
		return nil
	}
	return a.rewordTitle(ctx)
}

// writeFeedback keeps what the client thinks of the service; a later word replaces an earlier one.
func (a *applying) writeFeedback(c stored) {
	f := c.Params.Feedback
	a.writes.Queue(`insert into feedback (ticket, rating, comment, at) values ($1, $2, $3, $4)
		on conflict (ticket) do update set rating = excluded.rating, comment = excluded.comment, at = excluded.at`, a.row.number, f.Rating, clean(f.Comment), c.At)
}

// writeSolution keeps what solved it, for whoever meets the same again (G1).
func (a *applying) writeSolution(c stored) {
	if c.Params.Resolve == nil || strings.TrimSpace(c.Params.Resolve.Solution) == "" {
		return
	}
	a.writes.Queue(`update tickets set solution = $2 where number = $1`, a.row.number, clean(c.Params.Resolve.Solution))
}

// writePromise keeps the words of a promise beside its clock, which was set last. A clock that a kept promise had is free
// for the next.
func (a *applying) writePromise(c stored) {
	id := ""
	for _, k := range a.p.Clocks {
		if k.Kind == ticket.Promised {
			id = k.ID
		}
	}
	a.writes.Queue(`insert into promises (ticket, clock, text, due_at, at) values ($1, $2, $3, $4, $5)
		on conflict (ticket, clock) do update set text = excluded.text, due_at = excluded.due_at, at = excluded.at`,
		a.row.number, id, clean(c.Params.Promise.Text), c.Params.Promise.DueAt.UTC(), c.At)
}

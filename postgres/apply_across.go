package postgres

import (
	"fmt"

	"github.com/google/uuid"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

// across does what a decision says to other tickets and to staff: commands into other queues, links seen from both
// sides, notices. All of it stands or falls with the decision.
func (a *applying) across(c stored, d lifecycle.Decision) error {
	for _, s := range d.Sends {
		if _, locked := a.others[s.To]; !locked && s.To != 0 {
			return a.lockToo(s.To)
		}
		a.pass(c, s)
	}
	for _, l := range d.Links {
		a.link(l.Kind, l.Number)
	}
	for _, l := range d.Unlinks {
		a.writes.Queue(`delete from links where kind = $3 and (ticket, other) in (($1::bigint, $2::bigint), ($2, $1))`, a.row.number, l.Number, l.Kind)
	}
	for _, n := range d.Notices {
		a.notice(c, n)
	}
	return nil
}

// pass stores a command in another ticket's queue, with a copy of the message where one goes along.
func (a *applying) pass(c stored, s lifecycle.Send) {
	if _, ok := a.other(s.To); !ok {
		return
	}
	message := ""
	if s.Message && c.Message != "" {
		message = uuid.Must(uuid.NewV7()).String()
		a.copyMessage(c.Message, message, s.To, s.Kind == ticket.Note || s.Kind == ticket.ChildReport)
	}
	name := c.byName
	if s.By.Kind == ticket.ActorSystem {
		name = "Duradesk"
	}
	a.tell(s.To, ticket.Order{
		ID: fmt.Sprintf("%s:%d:%d", s.Effect, a.row.number, c.Seq), Kind: s.Kind, By: s.By, Name: name, Params: s.Params, Reason: c.reasonText,
	}, message)
}

// copyMessage gives another ticket a message of its own with the same words and files. It shows when its command is
// applied there. as a note it is for staff only.
func (a *applying) copyMessage(from, to string, n ticket.Number, note bool) {
	a.writes.Queue(`insert into messages (id, ticket, note, by_kind, by_id, by_name, body, body_format, html, visible, sent_to, sent_cc, mail_id, in_reply_to, raw, at)
		select $2, $3, note or $4, by_kind, by_id, by_name, body, body_format, html, visible, sent_to, sent_cc, mail_id, in_reply_to, raw, at from messages where id = $1`, from, to, n, note)
	a.writes.Queue(`insert into message_words (message, words) select $2, words from message_words where message = $1`, from, to)
	a.writes.Queue(`insert into attachments (id, message, position, name, type, content_id, inline, size, blob)
		select gen_random_uuid(), $2, position, name, type, content_id, inline, size, blob from attachments where message = $1`, from, to)
}

// link ties this ticket to another, seen from both.
func (a *applying) link(kind string, n ticket.Number) {
	a.writes.Queue(`insert into links (ticket, kind, other) select x.a, $3, x.b from (values ($1::bigint, $2::bigint), ($2, $1)) x (a, b)
		where exists (select from tickets where number = $2) and $1 <> $2 on conflict do nothing`, a.row.number, n, kind)
}

// notice keeps a word to staff. Who hears it how (bell, mail, quiet hours) is each person's own setting; nobody waits
// for it.
func (a *applying) notice(c stored, n lifecycle.Notice) {
	var who string
	switch n.To {
	case lifecycle.ToOwner:
		who = `select key from agents where key = nullif($6, '')`
	case lifecycle.ToGroup:
		who = `select agent from agent_groups where group_key = nullif($6, '')`
	case lifecycle.ToLeads:
		who = `select a.key from agents a where a.role in ('lead', 'admin') and (a.role = 'admin' or exists (select from agent_desks d where d.agent = a.key and d.desk = $6))`
	}
	key := map[lifecycle.Audience]string{lifecycle.ToOwner: a.p.Owner, lifecycle.ToGroup: a.p.Group, lifecycle.ToLeads: a.row.desk}[n.To]
	a.writes.Queue(insertNotices+`(`+who+`)`+noticesOf, a.row.number, c.Seq, n.Why, string(n.To), c.At, key)
}

// insertNotices and noticesOf stand around a query of agents: whoever has mail of his notices gets this one so too.
const (
	insertNotices = `insert into notices (agent, ticket, seq, name, audience, at, waiting) select w.agent, $1, $2, $3, $4, $5,
		exists (select from agent_settings s where s.agent = w.agent and s.notice_mail <> 'off') from `
	noticesOf = ` w (agent) on conflict do nothing`
)

// mention keeps a word to those whom a note calls by their keys, @sato, if they see the ticket. Who writes it knows.
func (a *applying) mention(c stored) {
	a.writes.Queue(insertNotices+`(select distinct g.key from messages m, regexp_matches(lower(m.body), '(?:^|[^[:alnum:]_@./-])@([a-z][a-z0-9_-]*)', 'g') x (word)
			join agents g on g.key = rtrim(x.word[1], '-_') where m.id = uuid_of($6) and g.disabled_at is null and g.key <> $7
			and (g.role = 'admin' or exists (select from agent_desks d where d.agent = g.key and d.desk = $8)))`+noticesOf,
		a.row.number, c.Seq, "mentioned", "mention", c.At, c.Message, c.By.ID, a.row.desk)
}
